"""Reply markup: inline keyboards, reply keyboards, and what Telegram refuses in them."""

from typing import Any

from sandbox.telegram.links import checked_link
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request

Markup = dict[str, Any]
Button = dict[str, Any]

DATA_LIMIT = 64  # bytes
COPY_LIMIT = 256
BUTTONS_LIMIT = 100
LOOKS = ("style", "icon_custom_emoji_id")
ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)
REPLY_KINDS = ("keyboard", "remove_keyboard", "force_reply")


def read_markup(params: Params, *, strict: bool, inline_only: bool = False, to_pay: bool = False) -> Markup | None:
    """The `reply_markup` of a call, checked; None when there is none. `to_pay` is that of an invoice.

    Raises:
        Refusal: a button or a keyboard that Telegram does not take.
    """
    markup = params.parsed("reply_markup")
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"])
        keyboard = [[_inline_button(button, strict=strict) for button in row] for row in rows if row]
        if sum(map(len, keyboard)) > BUTTONS_LIMIT:
            raise bad_request("reply markup is too long")
        _check_pay_button(keyboard, to_pay=to_pay)
        return {"inline_keyboard": keyboard} if keyboard else None
    if inline_only:
        raise bad_request("inline keyboard expected")
    if "keyboard" in markup:
        return {**markup, "keyboard": [[_key(key) for key in row] for row in _rows(markup["keyboard"])]}
    return markup if any(kind in markup for kind in REPLY_KINDS) else None


def button_at(markup: Markup | None, row: int, column: int) -> Button | None:
    try:
        button: Button = (markup or {})["inline_keyboard"][row][column]
    except (KeyError, IndexError):
        return None
    return button


def _check_pay_button(keyboard: list[list[Button]], *, to_pay: bool) -> None:
    """An invoice has one, which comes first; nothing else has any."""
    buttons = [button for row in keyboard for button in row]
    places = [place for place, button in enumerate(buttons) if "pay" in button]
    if not to_pay and places:
        raise bad_request("BUTTON_TYPE_INVALID")
    if to_pay and buttons and not places:
        raise bad_request("REPLY_MARKUP_BUY_EMPTY")
    if to_pay and places not in ([], [0]):
        raise bad_request("BUTTON_POS_INVALID")


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse reply keyboard markup: expected an Array of Arrays of buttons")
    return rows


def _key(key: Any) -> Button:
    key = {"text": key} if isinstance(key, str) else key
    if not isinstance(key, dict) or not isinstance(key.get("text"), str):
        raise bad_request("can't parse keyboard button: Can't find field \"text\"")
    if not key["text"]:
        raise bad_request("keyboard button text must be non-empty")
    return key


def _inline_button(button: Any, *, strict: bool) -> Button:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    action = next((name for name in ACTIONS if button.get(name) is not None), None)
    if action is None:
        reason = "Text buttons are unallowed in the inline keyboard"
        raise bad_request(f"can't parse inline keyboard button: {reason}")
    looks = {name: button[name] for name in LOOKS if button.get(name)}
    return {"text": button["text"], action: _action(action, button[action], strict=strict), **looks}


def _action(action: str, value: Any, *, strict: bool) -> Any:
    if action == "url":
        return _url(str(value), "URL", strict=strict)
    if action == "callback_data" and not 1 <= len(str(value).encode()) <= DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "copy_text" and not 1 <= len(_field(value, "text")) <= COPY_LIMIT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if action == "web_app":
        return {"url": _url(_field(value, "url"), "Web App URL", strict=strict, https_only=True)}
    return value


def _field(value: Any, name: str) -> str:
    return str(value.get(name, "")) if isinstance(value, dict) else ""


def _url(url: str, what: str, *, strict: bool, https_only: bool = False) -> str:
    try:
        return checked_link(url, strict=strict, https_only=https_only)
    except ValueError as error:
        raise bad_request(f"inline keyboard button {what} '{url}' is invalid: {error}") from error
