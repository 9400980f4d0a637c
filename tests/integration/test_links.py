"""/sub/<token>: what an app downloads, and what a person sees there."""

import base64
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import update

from backend.subscriptions.models import Subscription
from backend.subscriptions.service import reissue
from backend.users.models import User
from tests.shop import Buyer, Shop

BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
}
APP = {"User-Agent": "Happ/3.9.1", "Accept": "*/*"}


async def link_of(buyer: Buyer) -> str:
    return f"/sub/{(await buyer.subscription()).token}"


def vless(body: str) -> tuple[Any, dict[str, str]]:
    """The only link of a document, as its parts and parameters."""
    (line,) = base64.b64decode(body).decode().split("\n")
    parts = urlsplit(line)
    return parts, {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}


def userinfo(answer: httpx2.Response) -> dict[str, int]:
    pairs = (pair.split("=") for pair in answer.headers["subscription-userinfo"].split("; "))
    return {name: int(value) for name, value in pairs}


async def test_an_app_downloads_a_key_that_the_panel_knows(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    client = await shop.panel.client()

    answer = await shop.http.get(await link_of(buyer), headers=APP)

    parts, parameters = vless(answer.text)
    assert answer.headers["content-type"].startswith("text/plain")
    assert (parts.scheme, parts.username, parts.port) == ("vless", client["uuid"], 443)
    assert parts.hostname == "nl1.vpn.example.net"
    assert parameters["security"] == "reality"
    assert parameters["flow"] == "xtls-rprx-vision"
    assert (parameters["type"], parameters["encryption"], parameters["fp"]) == ("tcp", "none", "chrome")
    (inbound,) = (await shop.panel.http.get("_ctl/state")).json()["inbounds"]
    reality = inbound["streamSettings"]["realitySettings"]
    assert parameters["pbk"] == reality["settings"]["publicKey"]
    assert parameters["sni"] in reality["serverNames"]
    assert parameters["sid"] in reality["shortIds"]


async def test_the_headers_say_until_when_and_how_much(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    email = (await shop.panel.client())["email"]
    await shop.panel.act("traffic", email=email, up=1000, down=5000)
    await shop.passes(minutes=6)
    link = await link_of(buyer)

    answer = await shop.http.get(link, headers=APP)

    until = (await buyer.paid_until()).timestamp()
    assert userinfo(answer) == {"upload": 1000, "download": 5000, "total": 0, "expire": int(until)}
    assert base64.b64decode(answer.headers["profile-title"].removeprefix("base64:")).decode() == "VPN"
    assert answer.headers["profile-web-page-url"] == f"{shop.deps.public_url}{link}"
    assert answer.headers["cache-control"] == "no-store"
    assert "announce" not in answer.headers  # all is well


async def test_head_answers_the_same_headers_without_a_body(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    link = await link_of(buyer)

    get, head = await shop.http.get(link, headers=APP), await shop.http.head(link, headers=APP)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("subscription-userinfo", "profile-title", "content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


async def test_a_person_sees_until_when_how_to_connect_and_no_word_of_another_site(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    link = await link_of(buyer)

    answer = await shop.http.get(link, headers=BROWSER)
    english = await shop.http.get(f"{link}?lang=en", headers=BROWSER)

    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-status="active"' in page
    assert "Осталось 30 дней" in page
    assert "МСК" in page
    assert f"{shop.deps.public_url}{link}" in page
    assert "vless://" in page
    assert page.count("<svg") >= 2
    assert "30 days left" in english.text
    assert 'lang="en"' in english.text
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert address.startswith(("/sub/static/", "data:"))
        if address.startswith("/"):
            assert (await shop.http.get(address)).status_code == 200


async def test_the_page_speaks_the_language_of_its_owner(shop: Shop) -> None:
    buyer = await shop.buyer(language="en")
    await buyer.takes_trial()
    await shop.run_jobs()

    page = (await shop.http.get(await link_of(buyer), headers=BROWSER)).text
    fallback = await shop.http.get(f"{await link_of(buyer)}?lang=xx", headers=BROWSER)

    assert "7 days left" in page
    assert fallback.text == page


async def test_a_messengers_preview_tells_nothing_of_the_person(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    for one in (buyer, other):
        await one.takes_trial()
    await shop.run_jobs()
    preview = {"User-Agent": "TelegramBot (like TwitterBot)", "Accept": "text/html"}

    pages = [(await shop.http.get(await link_of(one), headers=preview)).text for one in (buyer, other)]

    assert pages[0] == pages[1]
    for secret in ("vless", (await buyer.subscription()).token, str((await buyer.subscription()).client_uuid)):
        assert secret not in pages[0]


async def test_an_ended_link_says_so_in_the_app_and_on_the_page(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    shop.advance(days=7, minutes=1)

    document = await shop.http.get(await link_of(buyer), headers=APP)
    page = (await shop.http.get(await link_of(buyer), headers=BROWSER)).text

    parts, _ = vless(document.text)
    assert document.status_code == 200  # an error would make apps keep what they have
    assert (parts.hostname, parts.username) == ("127.0.0.1", "00000000-0000-4000-8000-000000000000")
    assert parts.fragment
    assert base64.b64decode(document.headers["announce"].removeprefix("base64:"))
    assert 'data-status="expired"' in page
    assert "vless://" not in page
    assert str((await buyer.subscription()).client_uuid) not in page + document.text


async def test_a_link_without_time_yet_shows_that_the_key_is_being_made(shop: Shop) -> None:
    buyer = await shop.buyer()
    shop.panel.goes_down()
    await buyer.buys("monthly")

    page = (await shop.http.get(await link_of(buyer), headers=BROWSER)).text
    info = (await shop.http.get(f"{await link_of(buyer)}?format=info")).json()

    assert 'data-status="none"' in page
    assert "Доступ открыт до" in page
    assert (info["status"], info["servers"], info["expire"]) == (
        "none",
        0,
        int((await buyer.paid_until()).timestamp()),
    )


async def test_a_link_that_was_ordered_and_never_paid_gives_nothing(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.orders("monthly")

    info = (await shop.http.get(f"{await link_of(buyer)}?format=info")).json()

    assert (info["status"], info["servers"], info["expire"]) == ("none", 0, 0)


@pytest.mark.parametrize("blocked", ["person", "subscription"])
async def test_a_blocked_link_gives_nothing(shop: Shop, blocked: str) -> None:
    buyer = await shop.buyer()
    await buyer.buys("monthly")
    async with shop.deps.db.transaction() as session:
        if blocked == "person":
            await session.execute(update(User).values(blocked_at=shop.now))
        else:
            await session.execute(update(Subscription).values(blocked=True))

    info = (await shop.http.get(f"{await link_of(buyer)}?format=info")).json()
    page = (await shop.http.get(await link_of(buyer), headers=BROWSER)).text

    assert (info["status"], info["servers"]) == ("disabled", 0)
    assert "vless://" not in page


async def test_used_up_traffic_says_so(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Subscription).values(traffic_limit_bytes=5000, desired_version=99))
    await shop.run_jobs()
    await shop.panel.act("traffic", email=(await shop.panel.client())["email"], up=0, down=5000)
    await shop.passes(minutes=6)

    answer = await shop.http.get(f"{await link_of(buyer)}?format=info")

    assert (answer.json()["status"], answer.json()["used"], answer.json()["total"]) == ("limited", 5000, 5000)


async def test_the_qr_code_is_the_link_itself(shop: Shop) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    link = await link_of(buyer)

    answer = await shop.http.get(f"{link}/qr.svg")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["cache-control"] == "no-store"
    picture = image.open(io.BytesIO(_rasterize(answer.text)))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == f"{shop.deps.public_url}{link}"


def _rasterize(svg: str, scale: int = 6) -> bytes:
    """A PNG of a QR code that is drawn as one path of horizontal strokes, as ours are."""
    image = pytest.importorskip("PIL.Image")
    side = int(re.search(r'viewBox="0 0 (\d+) \d+"', svg)[1])  # type: ignore[index]
    path = re.search(r'<path[^>]* d="([^"]+)"[^>]*stroke="#000"|stroke="#000"[^>]* d="([^"]+)"', svg)
    assert path is not None
    picture, x, y = image.new("L", (side, side), 255), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[1] or path[2]):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                picture.putpixel((column, int(y)), 0)
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    out = io.BytesIO()
    picture.resize((side * scale, side * scale), 0).save(out, format="PNG")
    return out.getvalue()


async def test_a_button_may_open_an_app_that_is_on_the_list_and_no_other(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    link = await link_of(buyer)

    known = await shop.http.get(f"{link}/open/happ", headers=BROWSER)
    unknown = [await shop.http.get(f"{link}/open/{app}") for app in ("evil", "%3Cscript%3E", "%00", "javascript:1")]

    assert known.status_code == 200
    assert "happ://" in known.text
    assert {answer.status_code for answer in unknown} <= {400, 404}
    assert all("script" not in answer.text for answer in unknown)


async def test_what_is_no_link_is_nothing_at_all(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    subscription = await buyer.subscription()
    async with shop.deps.db.transaction() as session:
        await reissue(session, subscription.id, user_id=buyer.id)
    strange = [
        subscription.token,  # replaced
        (await buyer.subscription()).token[:-1],
        (await buyer.subscription()).token.swapcase(),
        "a" * 22,
        "%00",
        "a%00b",
        "%D1%8F" * 22,
        "..%2F..%2Fetc%2Fpasswd",
        "' or 1=1 --",
        "a" * 5000,
    ]

    answers = {token: await shop.http.get(f"/sub/{token}") for token in strange}

    assert {token: answer.status_code for token, answer in answers.items()} == dict.fromkeys(strange, 404)
    assert {answer.content for answer in list(answers.values())[:4]} == {b""}
    for suffix in ("/qr.svg", "/open/happ"):
        assert (await shop.http.get(f"/sub/{subscription.token}{suffix}")).status_code == 404


async def test_a_browser_is_told_what_to_do_about_a_link_that_is_gone(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    replaced = (await buyer.subscription()).token
    async with shop.deps.db.transaction() as session:
        await reissue(session, (await buyer.subscription()).id, user_id=buyer.id)
    paths = [replaced, "a" * 22, "a%00b", f"{replaced}/qr.svg", f"{'a' * 22}/open/happ"]

    answers = [await shop.http.get(f"/sub/{path}", headers=BROWSER) for path in paths]
    english = await shop.http.get(f"/sub/{replaced}", headers={**BROWSER, "Accept-Language": "en"})

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert len({tuple(sorted(a.headers.items() - {("date", a.headers["date"])})) for a in answers}) == 1
    said = answers[0].text
    assert "Откройте бот, в котором вы её получили" in said
    assert "Open the bot that gave it to you" in english.text
    assert answers[0].headers["cache-control"] == "no-store"
    brand = shop.deps.brand
    for secret in (brand.name, brand.bot_url, brand.seller, brand.support, replaced, "VPN", "t.me"):
        assert not secret or secret not in said + english.text
    assert (await shop.http.get(f"/sub/{replaced}", headers=APP)).content == b""


async def test_a_format_can_be_asked_for_and_an_unknown_one_is_refused(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()
    link = await link_of(buyer)

    plain = await shop.http.get(f"{link}?format=plain", headers=BROWSER)
    unknown = [await shop.http.get(f"{link}?format={form}") for form in ("exe", "%00", "../links", "")]

    assert plain.text.startswith("vless://")
    assert plain.headers["content-disposition"].startswith("attachment")
    assert [answer.status_code for answer in unknown] == [400] * 4


async def test_the_page_of_somebody_else_is_another_page(shop: Shop) -> None:
    buyer, other = await shop.buyer(), await shop.buyer()
    await buyer.buys("monthly")
    await other.takes_trial()
    await shop.run_jobs()

    mine = await shop.http.get(await link_of(buyer), headers=APP)
    theirs = await shop.http.get(await link_of(other), headers=APP)

    assert vless(mine.text)[0].username != vless(theirs.text)[0].username
    assert userinfo(mine)["expire"] - userinfo(theirs)["expire"] > timedelta(days=22).total_seconds()
