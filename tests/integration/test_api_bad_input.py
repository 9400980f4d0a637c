"""Whatever is sent to the API is answered by a refusal, never by a failure of ours."""

import asyncio
import base64
import json
import socket
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from backend.auth.tokens import RING, sign_access
from backend.kit.tokens import Secrets
from backend.users.models import User
from sandbox.companies import BOT_TOKEN
from tests.integration.api_client import Client, assert_as_described, assert_problem, client_of
from tests.integration.test_health import nobody_listens, shop_with
from tests.shop import Shop
from tests.telegram_login import ANNA, init_data, login_widget

pytestmark = pytest.mark.thorough

ANOTHER_BOT = "4200000043:AAH-sandbox-bot-token-0000000000000"
POSTS = {
    "log_in_with_telegram": ("auth/telegram", "init_data"),
    "refresh_tokens": ("auth/refresh", "refresh_token"),
    "log_out": ("auth/logout", "refresh_token"),
}
JSON_TYPE = {"Content-Type": "application/json"}


def post_of(operation: str) -> str:
    return POSTS[operation][0]


# --- what is said to come from Telegram


async def test_no_login_that_telegram_did_not_just_sign_for_this_bot_is_taken(shop: Shop) -> None:
    now, client = shop.now, Client(shop, ANNA["id"])
    genuine = init_data(BOT_TOKEN, now)
    refused: dict[str, list[dict[str, Any]]] = {
        "error-not-from-telegram": [
            {"init_data": init_data(ANOTHER_BOT, now)},
            {"init_data": f"{genuine}&{genuine}"},
            {"init_data": f"{genuine}&auth_date=1"},
            {"init_data": genuine.replace("Ann", "Eve")},
            {"init_data": genuine[:-1]},
            {"init_data": ""},
            {"init_data": "\0"},
            {"init_data": f"{genuine}%00"},
            {"init_data": init_data(BOT_TOKEN, now + timedelta(minutes=2))},
            {"login_widget": login_widget(ANOTHER_BOT, now)},
            {"login_widget": {**login_widget(BOT_TOKEN, now), "id": 1}},
            {"login_widget": {**login_widget(BOT_TOKEN, now), "first_name": "a\0b"}},
            {"login_widget": {}},
            {"login_widget": {str(number): number for number in range(1000)}},
        ],
        "error-telegram-login-expired": [
            {"init_data": init_data(BOT_TOKEN, now.replace(year=now.year - 1))},
            {"login_widget": login_widget(BOT_TOKEN, now.replace(year=now.year - 1))},
        ],
    }

    for kind, bodies in refused.items():
        for body in bodies:
            answer = await client.post("auth/telegram", body)
            assert_problem(answer, 401, kind)
            assert answer.headers["www-authenticate"] == "Bearer"
            await assert_as_described(shop, "log_in_with_telegram", answer)
    assert await shop.all(select(User)) == []
    assert (await client.post("auth/telegram", {"init_data": genuine})).status_code == 200


async def test_a_name_that_the_database_cannot_keep_does_not_stop_a_login(shop: Shop) -> None:
    client = Client(shop, 5)
    user = json.dumps({"id": 5, "first_name": "a\0b", "username": "\ud800", "language_code": "\0"})

    answer = client.keep(await client.post("auth/telegram", {"init_data": init_data(BOT_TOKEN, shop.now, user=user)}))

    assert answer.status_code == 200
    me = await client.read("me")
    assert (me["first_name"], me["username"]) == ("", None)


async def test_of_the_two_ways_to_log_in_one_has_to_be_chosen(shop: Shop) -> None:
    client = Client(shop, 5)
    both = {"init_data": init_data(BOT_TOKEN, shop.now), "login_widget": login_widget(BOT_TOKEN, shop.now)}

    for body in (both, {}, {"init_data": None}, {"initData": "x"}):
        assert_problem(await client.post("auth/telegram", body), 422, "error-invalid-fields")


# --- bodies


@pytest.mark.parametrize("operation", POSTS)
async def test_a_value_of_another_type_or_size_is_named(shop: Shop, operation: str) -> None:
    path, name = POSTS[operation]

    for value in (None, 1, 1.5, True, [], ["x"], {}, {"a": "b"}, "x" * 20_000):
        answer = await Client(shop, 0).post(path, {name: value})
        assert_problem(answer, 422, "error-invalid-fields")
        await assert_as_described(shop, operation, answer)


async def test_a_login_button_says_texts_and_whole_numbers(shop: Shop) -> None:
    unfit: list[Any] = [1, "x", ["x"], {"id": None}, {"id": 1.5}, {"id": True}, {"id": []}, {"id": {}}, {"\0": []}]
    unfit += [{"\ud800": []}, {str(number): [] for number in range(3000)}, {"a" * 30_000: []}]

    for value in unfit:
        body = json.dumps({"login_widget": value}).encode()
        answer = await Client(shop, 0).send("POST", "auth/telegram", content=body, headers=JSON_TYPE)
        assert_problem(answer, 422, "error-invalid-fields")
        assert len(answer.content) < 20_000
        assert answer.json()["errors"][0]["field"].startswith("body.login_widget")


NAMES = st.sampled_from(["init_data", "login_widget", "refresh_token", "id", "auth_date", "hash"]) | st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)
BODIES = {
    "nothing": b"",
    "no json": b"{",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"init_data"',
    "a number": b"1",
    "not a number": b'{"init_data": NaN}',
    "a long number": b'{"init_data": ' + b"9" * 5000 + b"}",
    "a NUL": b"\0",
    "a NUL inside": b'{"init_data": "\0"}',
    "not UTF-8": b'{"init_data": "\xff\xfe"}',
    "half a character": b'{"init_data": "\\ud800", "refresh_token": "\\ud800"}',
    "half a character as a name": b'{"\\ud800": 1}',
    "nested": b"[" * 30_000,
    "nested inside": b'{"init_data": ' + b"[" * 30_000,
    "a form": b"init_data=x",
    "UTF-16": '{"init_data": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("operation", POSTS)
async def test_a_body_that_cannot_be_read_is_refused(shop: Shop, operation: str) -> None:
    for name, body in BODIES.items():
        for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
            headers = {"Content-Type": content_type}
            answer = await Client(shop, 0).send("POST", post_of(operation), content=body, headers=headers)
            assert answer.status_code in (400, 401, 422), (name, content_type)
            assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("operation", POSTS)
async def test_a_body_of_a_megabyte_is_refused_whether_or_not_its_length_is_told(shop: Shop, operation: str) -> None:
    body = json.dumps({"init_data": "x" * 1_000_000}).encode()

    async def chunks() -> Any:
        for at in range(0, len(body), 10_000):
            yield body[at : at + 10_000]

    told = await Client(shop, 0).send("POST", post_of(operation), content=body, headers=JSON_TYPE)
    untold = await Client(shop, 0).send("POST", post_of(operation), content=chunks(), headers=JSON_TYPE)

    assert_problem(told, 413)
    assert_problem(untold, 413)


async def test_somebody_who_hangs_up_in_the_middle_harms_nobody(shop: Shop) -> None:
    host, port = shop.town.shop_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /api/v1/auth/telegram HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        connection.sendall(f'{head}Content-Length: 1000\r\n\r\n{{"init_data": "'.encode())
        await asyncio.sleep(0.05)

    assert (await Client(shop, 5).log_in()).status_code == 200


@given(body=JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_answered_by_a_refusal(shop: Shop, body: Any) -> None:
    for path, _ in POSTS.values():
        answer = await Client(shop, 0).post(path, body)
        assert answer.status_code in (204, 400, 401, 422), answer.text


# --- access tokens


async def test_no_access_token_but_our_own_unchanged_one_opens_anything(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    genuine, (user,) = client.access_token, await shop.all(select(User))
    ring = shop.deps.secrets.ring(RING)
    header, claims, signature = genuine.split(".")
    open_claims = jwt.decode(genuine, options={"verify_signature": False})
    admin = base64.urlsafe_b64encode(json.dumps({**open_claims, "sub": "1"}).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": ring.newest}).encode()).decode().rstrip("=")
    key = ring.keys[ring.newest]
    forged = {
        "without a signature": f"{none}.{claims}.",
        "of a foreign key": sign_access(Secrets("another-secret-key-of-the-tests-0").ring(RING), user.id, shop.now),
        "under an unknown kid": jwt.encode(open_claims, key, "HS256", headers={"kid": "0"}),
        "without a kid": jwt.encode(open_claims, key, "HS256"),
        "with the bot's token for a key": jwt.encode(open_claims, BOT_TOKEN, "HS256", headers={"kid": ring.newest}),
        "with other claims": f"{header}.{admin}.{signature}",
        "cut": genuine[:-1],
        "in two parts": f"{header}.{claims}",
        "expired": sign_access(ring, user.id, shop.now.replace(year=shop.now.year - 1)),
        "the refresh token": client.refresh_token,
        "initData": init_data(BOT_TOKEN, shop.now),
        "long": "a" * 16_000,
        "nested": base64.urlsafe_b64encode(b"[" * 10_000).decode().rstrip("=") + ".e30.AA",
        "no ASCII": "é.é.é",
    }

    for name, token in forged.items():
        client.access_token = token
        for path in ("me", "keys"):
            answer = await client.send("GET", path, headers=[(b"Authorization", f"Bearer {token}".encode())])
            assert answer.status_code == 401, name
            assert_problem(answer, 401, "error-access-refused")
    client.access_token = genuine
    assert (await client.get("me")).status_code == 200


async def test_after_a_change_of_the_secret_key_people_stay_logged_in(shop: Shop) -> None:
    client = await client_of(await shop.buyer())
    former = "a-secret-of-the-tests-0123456789"
    try:
        shop.deps.secrets = Secrets("the-next-secret-of-the-tests-012", former)
        with_both = await client.get("me")
        refreshed = await client.refresh()
        shop.deps.secrets = Secrets("the-next-secret-of-the-tests-012")
        with_the_new_one = await client.get("me")
    finally:
        shop.deps.secrets = Secrets(former)

    assert [answer.status_code for answer in (with_both, refreshed, with_the_new_one)] == [200, 200, 200]
    assert_problem(await client.get("me"), 401)


# --- addresses


async def test_an_id_that_is_none_is_refused(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    for name in ("1", "x", "null", "%00", "..%2f..", "a" * 5000, "é", "%ff", "0" * 33):
        answer = await client.get(f"subscriptions/{name}")
        assert answer.status_code in (404, 422), name
        assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("language", "said"), [("ru-RU,ru;q=0.9", "Здесь ничего нет."), ("en", "There is nothing here.")]
)
async def test_a_browser_that_is_lost_reads_so_in_its_language(shop: Shop, language: str, said: str) -> None:
    page = await shop.http.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": language})

    assert page.status_code == 404
    assert f">{said}<" in page.text


async def test_an_address_or_method_that_is_not_there_is_a_problem_too(shop: Shop) -> None:
    client = await client_of(await shop.buyer())

    missing, wrong = await client.get("nothing"), await client.send("DELETE", "me")

    assert_problem(missing, 404)
    assert_problem(wrong, 405)
    assert (missing.json()["type"], wrong.headers["allow"]) == ("about:blank", "GET")


async def test_a_refusal_is_said_in_the_language_of_whoever_asked(shop: Shop) -> None:
    russian, english = "Нужно войти заново.", "Please log in again."
    wanted = {
        "ru": russian,
        "": russian,
        "," * 5000: russian,
        "en-GB,en;q=0.9": english,
        "*": english,
        "é;;,": english,
    }

    for accept, detail in wanted.items():
        answer = await Client(shop, 0).send("GET", "me", headers=[(b"Accept-Language", accept.encode())])
        assert_problem(answer, 401)
        assert answer.json()["detail"] == detail


async def test_without_a_database_the_api_says_later(shop: Shop) -> None:
    body = {"init_data": init_data(BOT_TOKEN, shop.now)}
    token = sign_access(shop.deps.secrets.ring(RING), 1, shop.now)

    async with shop_with(shop, nobody_listens()) as http:
        answers = [
            await http.post("/api/v1/auth/telegram", json=body),
            await http.post("/api/v1/auth/refresh", json={"refresh_token": "x"}),
            await http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}),
        ]

    for answer in answers:
        assert_problem(answer, 503, "error-database-unavailable")
