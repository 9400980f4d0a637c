"""What each answer of a panel means."""

import json
import re
from datetime import UTC, datetime

import pytest

from backend.kit.errors import Unavailable
from backend.kit.http import Answer
from backend.vpn.panels.base import PanelAccess, PanelAuthFailed, PanelNotRecognized, PanelRefused
from backend.vpn.panels.xui.answers import Reply, RouteMissing, redact
from backend.vpn.panels.xui.answers import interpret as interpret_for
from backend.vpn.panels.xui.auth import Auth, BearerToken
from backend.vpn.panels.xui.client import auth_for
from backend.vpn.panels.xui.connection import Connection
from backend.vpn.panels.xui.password import PasswordSession
from backend.vpn.panels.xui.wire import FOUND
from tests.unit.vpn.recorded import answer


def interpret(came: Answer, label: str) -> Reply:
    return interpret_for(came, label, BearerToken.refusals)


def no(message: str) -> Answer:
    return Answer(200, {}, json.dumps({"success": False, "msg": message, "obj": None}).encode())


def test_a_missing_route_is_told_apart_from_a_wrong_token() -> None:
    with pytest.raises(RouteMissing):
        interpret(answer("wrong base path"), "inbounds/list")
    with pytest.raises(PanelAuthFailed):
        interpret(answer("anonymous"), "inbounds/list")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_answer_of_an_overloaded_proxy_means_later(status: int) -> None:
    with pytest.raises(Unavailable):
        interpret(Answer(status, {}, b"<html>Bad Gateway</html>"), "clients/get")


def test_an_empty_answer_means_later_since_the_panel_broke_off_in_the_middle() -> None:
    with pytest.raises(Unavailable):
        interpret(Answer(200, {}, b""), "clients/add")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>"),
        (200, b"[1, 2, 3]"),
        (200, b'{"msg": "no success here"}'),
        (200, b"\xff\xfe\x00"),
        (301, b""),
        (307, b""),
        (400, b"Client sent an HTTP request to an HTTPS server."),
        (204, b""),
    ],
)
def test_another_program_at_the_address_is_not_taken_for_a_panel(status: int, body: bytes) -> None:
    with pytest.raises(PanelNotRecognized):
        interpret(Answer(status, {}, body), "clients/get")


def test_a_forbidden_request_is_a_matter_of_access() -> None:
    body = b'{"msg":"this API token is not permitted to access this endpoint","success":false}'

    with pytest.raises(PanelAuthFailed):
        interpret(Answer(403, {}, body), "clients/add")


@pytest.mark.parametrize("message", ["database is locked", "traffic writer queue full"])
def test_a_busy_panel_means_later(message: str) -> None:
    reply = interpret(no(f"Something went wrong ({message})"), "clients/add")

    assert isinstance(reply.failure(), Unavailable)


def test_any_other_no_is_a_no() -> None:
    reply = interpret(answer("used subId"), "clients/add")

    assert isinstance(reply.failure(), PanelRefused)
    with pytest.raises(PanelRefused):
        reply.read(FOUND)


@pytest.mark.parametrize("name", ["deleted again", "deleted again, in Russian"])
def test_a_no_is_understood_in_every_language_of_the_panel(name: str) -> None:
    reply = interpret(answer(name), "clients/del")

    assert reply.says("not found in any inbound")
    assert str(reply.failure()).endswith("not found in any inbound or client record'}")


def test_the_text_before_the_parentheses_is_not_listened_to() -> None:
    reply = interpret(no("record not found (email already in use: s-1\n)"), "clients/add")

    assert not reply.says("not found")


def test_an_answer_of_another_shape_is_not_half_read() -> None:
    reply = interpret(Answer(200, {}, b'{"success":true,"msg":"","obj":{"client":{"email":["?"]}}}'), "clients/get")

    with pytest.raises(PanelNotRecognized, match=r"client\.email"):
        reply.read(FOUND)


def test_the_panels_clock_is_read_from_its_answer() -> None:
    body = b'{"success":true,"msg":"","obj":null}'

    dated = interpret(Answer(200, {"date": "Tue, 24 Nov 2026 19:41:30 GMT"}, body), "server/status")
    undated = interpret(Answer(200, {"date": "yesterday"}, body), "server/status")

    assert dated.date == datetime(2026, 11, 24, 19, 41, 30, tzinfo=UTC)
    assert undated.date is None


def test_nothing_that_opens_a_key_reaches_a_log() -> None:
    refusal = str(interpret(answer("used subId"), "clients/add").failure())

    assert "subId already in use" in refusal
    assert "k3v9x2m7q4w8z1ab" not in refusal
    assert "b831381d" not in redact("User b831381d-6324-4d53-ad4f-8cda48b30811 already exists.")
    assert "abc" not in redact("client subId contains an invalid character: abc\nabc")
    assert len(redact("long " * 1000)) == 200


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (Answer(307, {"location": "https://203.0.113.10:2053/abc/"}, b""), "beginning with https://"),
        (Answer(301, {"location": "/elsewhere/"}, b""), "check scheme, host, port and base path"),
        (Answer(400, {}, b"Client sent an HTTP request to an HTTPS server.\n"), "https is spoken at this port"),
        (Answer(400, {}, b"<p>The plain HTTP request was sent to HTTPS port</p>"), "https is spoken at this port"),
        (Answer(400, {}, b"Bad Request"), "not an answer of 3X-UI"),
    ],
)
def test_http_where_https_is_spoken_is_said_to_be_that(came: Answer, words: str) -> None:
    with pytest.raises(PanelNotRecognized, match=words) as caught:
        interpret(came, "clients/get")

    assert "/abc/" not in str(caught.value)


def way_in(**credentials: str | None) -> Auth:
    access = PanelAccess(url="http://127.0.0.1/", **credentials)  # type: ignore[arg-type]
    return auth_for(access, Connection(access))


async def test_a_token_goes_into_the_header_and_not_into_any_text() -> None:
    access = PanelAccess(url="http://127.0.0.1/", token="t0ken", username="shop", password="S3cret-pass")
    auth = auth_for(access, Connection(access))

    assert isinstance(auth, BearerToken)
    assert not {"t0ken", "S3cret-pass"} & set(re.findall(r"[\w-]+", f"{access} {auth}"))
    assert await auth.headers() == {"Authorization": "Bearer t0ken"}


@pytest.mark.parametrize("token", [None, ""])
def test_a_password_is_the_way_in_only_where_there_is_no_token(token: str | None) -> None:
    auth = way_in(token=token, username="shop", password="S3cret-pass")

    assert isinstance(auth, PasswordSession)
    assert "S3cret-pass" not in repr(auth)


@pytest.mark.parametrize("token", ["токен", "two words", "line\nbreak"])
def test_a_token_that_cannot_be_one_is_refused_at_once(token: str) -> None:
    with pytest.raises(PanelAuthFailed, match="copy it again"):
        way_in(token=token, username="shop", password="secret")


@pytest.mark.parametrize(
    "half", [{}, {"username": "shop"}, {"password": "secret"}, {"username": "", "password": "x"}]
)
def test_without_a_way_in_the_better_one_is_recommended(half: dict[str, str]) -> None:
    with pytest.raises(PanelAuthFailed, match="make an API token"):
        way_in(**half)
