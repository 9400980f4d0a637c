"""What is imported lazily does what it does imported in full."""

import json
import subprocess
import sys
from pathlib import Path

PERSON = {"id": 7, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
CHAT = {"id": 7, "type": "private", "first_name": "Анна"}
MESSAGE = {"message_id": 5, "date": 1764000000, "chat": CHAT, "from": PERSON}
KEYBOARD = {
    "inline_keyboard": [
        [{"text": "a", "callback_data": "x"}, {"text": "b", "url": "https://example.com"}],
        [{"text": "c", "copy_text": {"text": "y"}}, {"text": "d", "web_app": {"url": "https://example.com"}}],
    ]
}
PAYMENT = {
    "currency": "XTR",
    "total_amount": 200,
    "invoice_payload": "s1.x",
    "telegram_payment_charge_id": "charge",
    "provider_payment_charge_id": "",
}
EVENTS: list[dict[str, object]] = [
    {"message": {**MESSAGE, "text": "/start abc", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}},
    {"message": {**MESSAGE, "text": "x", "reply_to_message": {**MESSAGE, "reply_to_message": MESSAGE}}},
    {"message": {**MESSAGE, "photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]}},
    {"message": {**MESSAGE, "successful_payment": PAYMENT}},
    {"message": {**MESSAGE, "refunded_payment": PAYMENT}},
    {
        "callback_query": {
            "id": "1",
            "from": PERSON,
            "chat_instance": "c",
            "data": "plan:2",
            "message": {**MESSAGE, "text": "x", "reply_markup": KEYBOARD},
        }
    },
    {"callback_query": {"id": "1", "from": PERSON, "chat_instance": "c", "message": {**MESSAGE, "date": 0}}},
    {
        "pre_checkout_query": {
            "id": "1",
            "from": PERSON,
            "currency": "XTR",
            "total_amount": 200,
            "invoice_payload": "s1.x",
        }
    },
    {
        "my_chat_member": {
            "chat": CHAT,
            "from": PERSON,
            "date": 1764000000,
            "old_chat_member": {"status": "member", "user": PERSON},
            "new_chat_member": {"status": "kicked", "user": PERSON, "until_date": 0},
        }
    },
]

PROGRAM = """
import json, sys
if sys.argv[1] == "lean":
    import bot
from aiogram.methods import AnswerCallbackQuery, EditMessageMedia, EditMessageText, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto, Update
if sys.argv[1] == "lean":
    assert not Update.__pydantic_complete__, "another aiogram or pydantic: try bot/lean.py with it, then say so there"
keyboard = InlineKeyboardMarkup.model_validate(json.loads(sys.argv[3]))
sent = [
    SendMessage(chat_id=7, text="x", reply_markup=keyboard),
    EditMessageText(chat_id=7, message_id=5, text="x"),
    SendPhoto(chat_id=7, photo="file", caption="c", reply_markup=keyboard),
    EditMessageMedia(chat_id=7, message_id=5, media=InputMediaPhoto(media="file", caption="c")),
    AnswerCallbackQuery(callback_query_id="1", text="x", show_alert=True),
]
received = [Update.model_validate({"update_id": 1, **event}) for event in json.loads(sys.argv[2])]
print(json.dumps({
    "received": [update.model_dump_json() for update in received],
    "sent": [method.model_dump_json(exclude_none=True, exclude_unset=True) for method in sent],
}))
"""


DESCRIBE = """
import json, sys
from typing import Annotated
if sys.argv[1] == "lean":
    import cli
from fastapi import FastAPI, Header, HTTPException
from fastapi.openapi.models import OpenAPI
from pydantic import BaseModel
if sys.argv[1] == "lean":
    assert not OpenAPI.__pydantic_complete__, "another FastAPI or pydantic: try bot/lean.py with it, and say so"
class Kept(BaseModel):
    names: dict[str, list[int]] = {}
    inner: "Kept | None" = None
app = FastAPI()
@app.post("/kept/{number}", tags=["a"], responses={404: {"description": "gone"}})
def keep(number: int, kept: Kept, who: Annotated[str, Header(description="x")]) -> list[Kept]:
    return [kept]
print(json.dumps(app.openapi()))
"""

CARRIES = """
import sys
import cli.main
print(*sorted({"alembic", "mako", "rich", "pygments", "sandbox", "cli.demo", "cli.init"} & sys.modules.keys()))
"""


def printed(program: str, *arguments: str) -> str:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def outcome(way: str) -> dict[str, list[str]]:
    outcome: dict[str, list[str]] = json.loads(printed(PROGRAM, way, json.dumps(EVENTS), json.dumps(KEYBOARD)))
    return outcome


def test_updates_and_methods_are_the_same_either_way() -> None:
    lean, full = outcome("lean"), outcome("full")

    assert lean == full
    assert len(lean["received"]) == len(EVENTS)


def test_an_api_is_described_the_same_either_way() -> None:
    lean, full = json.loads(printed(DESCRIBE, "lean")), json.loads(printed(DESCRIBE, "full"))

    assert lean == full
    assert "/kept/{number}" in lean["paths"]


def test_a_running_shop_carries_nothing_of_the_commands_that_it_is_not() -> None:
    assert printed(CARRIES).split() == []
