"""The people's side of Telegram over HTTP: /sandbox/telegram/_ctl/…, for the chat page and for tests.

| method and path | body or query | answer |
|---|---|---|
| GET /bot | `language` | the bot as a person of that language sees it |
| GET /users | | everybody, with unread counts and the last message |
| POST /users | `id`?, `first_name`, `last_name`?, `username`?, `language_code`? | the person, new or changed |
| GET /users/{id} | | one person |
| GET /users/{id}/messages | | {"user", "bot", "messages", "reply_keyboard", "queries", "stars"} |
| POST /users/{id}/send | `text` | the message as it was sent |
| POST /users/{id}/tap | `message_id`, and `data` or `row` and `column` | the query, or {"url"}, {"copy_text"}… |
| GET /users/{id}/queries/{query} | | the query; its `answer` is null until the bot gave one |
| POST /users/{id}/block, /unblock, /read | | the person |
| GET /users/{id}/events, /events | `after`, `seconds` (25) | {"events", "last", "reset"}, as soon as there are some |
| POST /updates | any update without its id | {"update_id"} |
| GET /updates | | what waits for the bot |
| PUT, DELETE /limits | `per_second`?, `chat_per_second`?, `chat_burst`? | pace limits on, off |
| GET /files/{file_id} | | the bytes of a photo or a document |

Money, and what happens to updates on their way, are in `control_stars.py`.

What an app would not let a person do is 409, a malformed request 400, an unknown person 404; each {"error"}.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import Document
from sandbox.telegram import people
from sandbox.telegram.control_stars import money_of
from sandbox.telegram.limits import Limits
from sandbox.telegram.people import Impossible
from sandbox.telegram.state import Telegram
from sandbox.telegram.views import seen as seen_message
from sandbox.telegram.waiting import unless_gone

LONGEST_WAIT = 50  # seconds
Endpoint = Callable[[Request], Awaitable[Any]]


class _Wrong(Exception):
    """A request that cannot be understood or is about nobody."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def control_routes(telegram: Telegram) -> list[Route]:
    """Routes relative to /sandbox/telegram/_ctl."""
    control = _Control(telegram)
    return [
        Route("/bot", _json(control.bot)),
        Route("/users", _json(control.users)),
        Route("/users", _json(control.register), methods=["POST"]),
        Route("/users/{id:int}", _json(control.user)),
        Route("/users/{id:int}/messages", _json(control.messages)),
        Route("/users/{id:int}/send", _json(control.send), methods=["POST"]),
        Route("/users/{id:int}/tap", _json(control.tap), methods=["POST"]),
        Route("/users/{id:int}/queries/{query}", _json(control.query)),
        Route("/users/{id:int}/block", _json(control.block), methods=["POST"]),
        Route("/users/{id:int}/unblock", _json(control.unblock), methods=["POST"]),
        Route("/users/{id:int}/read", _json(control.read), methods=["POST"]),
        Route("/users/{id:int}/events", _json(control.events)),
        Route("/events", _json(control.events)),
        Route("/updates", _json(control.add_update), methods=["POST"]),
        Route("/updates", _json(control.updates)),
        Route("/limits", _json(control.limit), methods=["PUT", "DELETE"]),
        Route("/files/{file_id}", control.file),
    ]


def _json(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            return JSONResponse(await endpoint(request))
        except _Wrong as wrong:
            return JSONResponse({"error": str(wrong)}, wrong.status)
        except Impossible as impossible:
            return JSONResponse({"error": str(impossible)}, 409)

    return respond


class _Control:
    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    async def bot(self, request: Request) -> Any:
        language = request.query_params.get("language", "")
        return self.telegram.profile.seen_by({"id": 0, "language_code": language})

    async def users(self, request: Request) -> Any:
        return [self.telegram.chats.summary(person) for person in self.telegram.chats.people()]

    async def register(self, request: Request) -> Any:
        fields = await _body(request)
        if not str(fields.get("first_name", "")).strip() and "id" not in fields:
            raise _Wrong(400, "send a first_name")
        if not isinstance(fields.get("id", 1), int) or fields.get("id", 1) <= 0:
            raise _Wrong(400, "id is a positive whole number")
        return self.telegram.chats.summary(self.telegram.chats.register(fields))

    async def user(self, request: Request) -> Any:
        return self.telegram.chats.summary(self._person(request))

    async def messages(self, request: Request) -> Any:
        person = self._person(request)
        user_id = person["user"]["id"]
        return {
            "user": self.telegram.chats.summary(person),
            "bot": self.telegram.profile.seen_by(person["user"]),
            "messages": [seen_message(message) for message in self.telegram.chats.history(user_id)],
            "reply_keyboard": person["keyboard"],
            "queries": self.telegram.queries.of(user_id),
            "stars": money_of(self.telegram, user_id),
        }

    async def send(self, request: Request) -> Any:
        person, fields = self._person(request), await _body(request)
        return seen_message(people.send(self.telegram, person, str(fields.get("text", ""))))

    async def tap(self, request: Request) -> Any:
        person, fields = self._person(request), await _body(request)
        message_id, data = _whole(fields, "message_id"), fields.get("data")
        if data is None:
            place = _whole(fields, "row"), _whole(fields, "column")
            button = people.button(self.telegram, person, message_id, *place)
            if "callback_data" not in button:
                return {name: value for name, value in button.items() if name != "text"}
            data = button["callback_data"]
        return people.tap(self.telegram, person, message_id, data=str(data))

    async def query(self, request: Request) -> Any:
        person = self._person(request)
        query = self.telegram.queries.find(request.path_params["query"])
        if query is None or query["user_id"] != person["user"]["id"]:
            raise _Wrong(404, "no such query")
        return query

    async def block(self, request: Request) -> Any:
        return self._set_blocked(request, blocked=True)

    async def unblock(self, request: Request) -> Any:
        return self._set_blocked(request, blocked=False)

    async def read(self, request: Request) -> Any:
        person = self._person(request)
        people.read(self.telegram, person)
        return self.telegram.chats.summary(person)

    async def events(self, request: Request) -> Any:
        after = _number(request, "after")
        seen = None if after is None else int(after)
        wait = _number(request, "seconds")
        news = self.telegram.feed.after(
            seen,
            user_id=request.path_params.get("id"),
            seconds=min(25 if wait is None else wait, LONGEST_WAIT),
        )
        return await unless_gone(request, news, otherwise={"events": [], "last": seen, "reset": False})

    async def add_update(self, request: Request) -> Any:
        return {"update_id": self.telegram.updates.add_raw(await _body(request))}

    async def updates(self, request: Request) -> Any:
        return self.telegram.updates.pending(len(self.telegram.updates))

    async def limit(self, request: Request) -> Any:
        if request.method == "DELETE":
            self.telegram.throttle.set(None)
            return {"limits": None}
        fields = await _body(request)
        try:
            limits = Limits(**fields)
        except TypeError as error:
            raise _Wrong(400, str(error)) from error
        self.telegram.throttle.set(limits)
        return {"limits": vars(limits)}

    async def file(self, request: Request) -> Response:
        file = self.telegram.files.find(request.path_params["file_id"])
        if file is None:
            return JSONResponse({"error": "no such file"}, 404)
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(self.telegram.files.content(file), media_type=file["mime"], headers=headers)

    def _set_blocked(self, request: Request, *, blocked: bool) -> Any:
        person = self._person(request)
        people.block(self.telegram, person, blocked=blocked)
        return self.telegram.chats.summary(self._person(request))

    def _person(self, request: Request) -> Document:
        person = self.telegram.chats.person(request.path_params["id"])
        if person is None:
            raise _Wrong(404, "no such person")
        return person


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise _Wrong(400, "send JSON") from error
    if not isinstance(body, dict):
        raise _Wrong(400, "send a JSON object")
    return body


def _whole(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int):
        raise _Wrong(400, f"{name} is a whole number")
    return value


def _number(request: Request, name: str) -> float | None:
    text = request.query_params.get(name)
    try:
        return float(text) if text else None
    except ValueError as error:
        raise _Wrong(400, f"{name} is a number") from error
