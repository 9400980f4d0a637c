"""Sends recorded exchanges with a real panel to the emulator, in order, and says where the answers differ.

The recording is not a complete script: `BEFORE` puts in what happened between the lines, `BY_FORM` names answers
that are random or figures of a machine, `NOT_REPLAYED` the lines that cannot be sent, with the reason.
"""

import base64
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sandbox.clock import Clock
from sandbox.xui.auth import totp
from tests.contract.xui_world import TOKEN

FILE = Path(__file__).parents[1] / "data" / "3x-ui" / "exchanges-3.6.0.jsonl"
MOUNT = "/sandbox/xui"
STARTED = datetime(2026, 11, 24, 19, 41, 30, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXP"
NOT_REPLAYED = {
    173: "sent at the same moment as 172 and answered success without being stored; one after the other the real"
    " panel refuses it too (test_two_adds_at_once_of_one_email_leave_one_client)"
}
BY_FORM = {42: "a random key pair", 175: "figures of the machine", 177: "a random uuid"}
TIMES = {"createdAt", "updatedAt", "created_at", "updated_at", "lastTrafficResetTime"}
GENERATED_UUID_OF = "tg24"


class FrozenClock(Clock):
    """The clock of the recording: it stands still unless it is advanced."""

    def now(self) -> datetime:
        return STARTED + timedelta(seconds=self.offset)


@dataclass(frozen=True)
class Line:
    number: int
    case: str
    title: str
    request: dict[str, Any]
    response: dict[str, Any]


def recorded() -> list[Line]:
    rows = (json.loads(text) for text in FILE.read_text().splitlines())
    return [
        Line(number, str(row["case"]), row["title"], row["request"], row["response"])
        for number, row in enumerate(rows, 1)
    ]


@dataclass
class Session:
    cookie: str = ""
    csrf: str = ""


@dataclass
class Replay:
    """One panel at `url` (up to its mount), and what the recording's placeholders stand for now."""

    url: str
    clock: Clock
    http: httpx2.AsyncClient
    elsewhere: httpx2.AsyncClient  # the same from another source address
    lines: list[Line] = field(default_factory=recorded)
    session: Session = field(default_factory=Session)
    other_session: Session = field(default_factory=Session)
    tokens: dict[str, str] = field(default_factory=lambda: {"<token>": TOKEN})
    headers: dict[str, str] = field(default_factory=dict)  # for the next line only

    async def run(self) -> dict[int, list[str]]:
        """The differences of every replayed line, by its number."""
        found: dict[int, list[str]] = {}
        for line in self.lines:
            for step in BEFORE.get(line.number, ()):
                await step(self, line)
            if line.number not in NOT_REPLAYED:
                found[line.number] = self.differences(line, await self.send(line))
            self.headers = {}
        return found

    async def send(self, line: Line) -> httpx2.Response:
        request = line.request
        body, content = request["body"], None
        if isinstance(body, dict) and "form" in body:
            content = httpx2.QueryParams({k: self.fill(v) for k, v in body["form"].items()}).__str__()
        elif body is not None:
            content = body if isinstance(body, str) else json.dumps(body)
        headers = {name: self.fill(value) for name, value in request["headers"].items()} | self.headers
        http = self.elsewhere if line.number == 17 else self.http
        http.cookies.clear()  # a line sends the cookie that was recorded, or none
        return await http.request(request["method"], self.url + request["path"], content=content, headers=headers)

    def fill(self, text: str) -> str:
        values = {"<cookie>": self.session.cookie, "<csrf>": self.session.csrf, **self.tokens}
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        return text

    def differences(self, line: Line, answer: httpx2.Response) -> list[str]:
        self.learn(answer)
        expected, found = (
            line.response,
            []
            if answer.status_code == line.response["status"]
            else [f"status: {answer.status_code} instead of {line.response['status']}"],
        )
        for name, value in expected["headers"].items():
            if name != "content-length":
                sent = anonymous(local(answer.headers.get(name, "")))
                found += differ(name, anonymous(value), sent)
        return found + self.body_differences(line, expected["body"], answer)

    def body_differences(self, line: Line, expected: Any, answer: httpx2.Response) -> list[str]:
        if isinstance(expected, dict) and expected.get("binary"):
            starts = answer.content.startswith(expected["starts_with"].encode())
            return [] if starts else ["body: another beginning"]
        text = local(answer.text)
        if isinstance(expected, str):
            return differ("body", expected, text)
        if not text.startswith(("{", "[")):
            return [f"body: not JSON: {text[:80]!r}"]
        actual = json.loads(text)
        self.learn_token(expected, actual)
        if line.number == 42:
            return pair_differences(actual["obj"]) + differ("body", form(expected), form(actual))
        if line.number in BY_FORM:
            return differ("body", form(expected), form(actual))
        return differ("body", comparable(expected), comparable(actual))

    def learn(self, answer: httpx2.Response) -> None:
        cookie = answer.headers.get("set-cookie", "")
        if cookie.startswith("3x-ui=") and not cookie.startswith("3x-ui=;"):
            self.session.cookie = cookie.removeprefix("3x-ui=").split(";")[0]
        if answer.request.url.path.endswith("/csrf-token"):
            self.session.csrf = answer.json()["obj"]

    def learn_token(self, expected: Any, actual: Any) -> None:
        shown = (expected.get("obj") or {}) if isinstance(expected, dict) else {}
        if isinstance(shown, dict) and str(shown.get("token", "")).startswith("<token"):
            self.tokens[shown["token"]] = actual["obj"]["token"]

    # what happened between the lines ---------------------------------------------------------------------

    async def control(self, path: str, body: Any = None) -> None:
        answer = await self.http.post(f"{self.url}/_ctl/{path}", json=body or {})
        assert answer.status_code == 200, answer.text

    async def api(self, path: str, body: Any = None) -> None:
        answer = await self.http.post(
            f"{self.url}/abc/panel/api/{path}", json=body, headers={"authorization": f"Bearer {TOKEN}"}
        )
        assert answer.json()["success"], answer.text

    async def fresh_session(self, *, log_in: bool = False) -> Session:
        self.session = Session()
        self.http.cookies.clear()
        self.learn(await self.http.get(f"{self.url}/abc/csrf-token"))
        if log_in:
            headers = {"cookie": f"3x-ui={self.session.cookie}", "x-csrf-token": self.session.csrf}
            form = {"username": "shop", "password": "S3cret-pass", "twoFactorCode": ""}
            self.learn(await self.http.post(f"{self.url}/abc/login", json=form, headers=headers))
        return self.session

    def recorded_client(self, email: str) -> dict[str, Any]:
        """The client as clients/list shows it in line 213."""
        rows = self.lines[212].response["body"]["obj"]
        return next(row for row in rows if row["email"] == email)

    async def add(self, email: str, inbound_id: int) -> None:
        rows = [row for row in self.lines[212].response["body"]["obj"] if row["email"] == email]
        row = rows[0] if rows else {"uuid": f"gone-{email}", "subId": f"gone-{email}"}
        client = {"id": row["uuid"], "subId": row["subId"], "email": email, "flow": "xtls-rprx-vision", "limitIp": 3}
        client |= {"totalGB": 107374182400, "expiryTime": 1893456000000, "tgId": 1001, "comment": "order 42"}
        await self.api("clients/add", {"client": client, "inboundIds": [inbound_id]})


Step = Callable[[Replay, Line], Awaitable[None]]


def settings(**changes: Any) -> Step:
    async def step(replay: Replay, line: Line) -> None:
        await replay.control("settings", changes)

    return step


def call(path: str, body: Any = None) -> Step:
    async def step(replay: Replay, line: Line) -> None:
        await replay.api(path, body)

    return step


def add(email: str, inbound_id: int) -> Step:
    async def step(replay: Replay, line: Line) -> None:
        await replay.add(email, inbound_id)

    return step


def later(seconds: float) -> Step:
    async def step(replay: Replay, line: Line) -> None:
        replay.clock.advance(seconds)

    return step


async def tick(replay: Replay, line: Line) -> None:
    await replay.control("tick")


async def clear_limiter(replay: Replay, line: Line) -> None:
    await replay.control("limiter/clear")


async def fresh_session(replay: Replay, line: Line) -> None:
    await replay.fresh_session()


async def second_session(replay: Replay, line: Line) -> None:
    first = replay.session
    replay.other_session, replay.session = await replay.fresh_session(log_in=True), first


async def swap_sessions(replay: Replay, line: Line) -> None:
    replay.session, replay.other_session = replay.other_session, replay.session


async def lost_answer(replay: Replay, line: Line) -> None:
    """The same request once before, carried out but not answered."""
    fault = {"service": "xui", "mode": "lost_after", "path": "*/clients/add"}
    await replay.http.post(replay.url.removesuffix("/xui") + "/_ctl/faults", json=fault)
    try:
        await replay.send(line)
    except httpx2.TransportError:
        return
    raise AssertionError("the answer was not lost")


async def in_russian(replay: Replay, line: Line) -> None:
    replay.headers = {"accept-language": "ru"}


def code_of_window(offset: int) -> Step:
    async def step(replay: Replay, line: Line) -> None:
        line.request["body"]["twoFactorCode"] = totp(SECRET, replay.clock.timestamp() + 30 * offset)

    return step


BEFORE: dict[int, tuple[Step, ...]] = {
    1: (settings(status_ready=False),),
    2: (settings(status_ready=True),),
    43: (settings(xray_binary=False),),
    44: (settings(xray_binary=True),),
    106: (call("clients/updateTraffic/tg1001-1", {"upload": 111, "download": 222}),),
    116: (call("clients/updateTraffic/tg1001-1", {"upload": 0, "download": 0}),),
    134: (call("clients/bulkDisable", {"emails": ["tg1001-1"]}),),
    135: (call("clients/bulkEnable", {"emails": ["tg1001-1"]}),),
    144: (later(10), tick),
    153: (tick,),
    155: (tick,),
    158: (call("clients/bulkDisable", {"emails": ["tg47"]}),),
    161: (add("tg42", 1),),
    165: (add("tg44", 2),),
    169: (add("tgorph", 2), call("clients/tgorph/detach", {"inboundIds": [2]})),
    174: (*(add(f"tg69-{number}", 1) for number in range(1, 12)), lost_answer),
    185: (settings(two_factor_secret=SECRET),),
    186: (clear_limiter, fresh_session),
    188: (code_of_window(0),),
    189: (fresh_session, code_of_window(-1)),
    190: (settings(two_factor_secret=""), fresh_session),
    197: (second_session,),
    199: (swap_sessions,),
    201: (swap_sessions,),
    203: (fresh_session,),
    231: (in_russian,),
}


# comparing ------------------------------------------------------------------------------------------------


def differ(what: str, expected: Any, actual: Any) -> list[str]:
    return [] if expected == actual else [f"{what}: {first_difference(expected, actual)}"]


def first_difference(expected: Any, actual: Any, path: str = "") -> str:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in [*expected, *actual]:
            if expected.get(key, "absent") != actual.get(key, "absent"):
                return first_difference(expected.get(key, "absent"), actual.get(key, "absent"), f"{path}.{key}")
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            if one != other:
                return first_difference(one, other, f"{path}[{index}]")
    return f"{path} {actual!r} instead of {expected!r}"


def local(text: str) -> str:
    """An emulator's text as if its panel stood at the root of its host."""
    return text.replace(MOUNT, "")


def anonymous(text: str) -> str:
    """Without what differs from run to run: host, port, dates, session."""
    for pattern, stands in (
        (r"http://[^/]+", ""),
        (r"filename=[\w.]+_\d{4}-\d\d-\d\d_\d{6}\.db", "filename=…"),
        (r"Expires=\w{3}, [^;]*;", "Expires=…;"),
        (r"3x-ui=[^;]+;", "3x-ui=…;"),
    ):
        text = re.sub(pattern, stands, text)
    return text


def form(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: form(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return "list"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def pair_differences(pair: dict[str, str]) -> list[str]:
    private = base64.urlsafe_b64decode(pair["privateKey"] + "=")
    public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    matches = base64.urlsafe_b64decode(pair["publicKey"] + "=") == public
    return [] if matches else ["the public key is not that of the private one"]


def comparable(value: Any) -> Any:
    """The value with what a second run cannot repeat replaced by its form."""
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    found = {key: comparable(inner) for key, inner in value.items()}
    for key, inner in value.items():
        if key in TIMES or (key in ("id", "createdAt") and "email" in value and isinstance(inner, int)):
            found[key] = type(inner).__name__
        elif key in ("id", "uuid") and value.get("email") == GENERATED_UUID_OF:
            found[key] = bool(inner)
        elif key in ("token", "originNodeGuid", "subUrl") or inner == "<csrf>":
            found[key] = anonymous(inner) if key == "subUrl" else type(inner).__name__
        elif key == "obj" and isinstance(inner, str) and len(inner) == 43:
            found[key] = "str"
    return found
