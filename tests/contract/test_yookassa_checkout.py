"""The YooKassa emulator's checkout page, as a browser without scripts uses it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from sandbox.yookassa.instruments import CARDS
from tests.contract.yookassa_fixture import SHOP_ID, Yoo, yookassa

RETURN_URL = "https://shop.example.net/return/abc"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Yoo]:
    async with yookassa() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def yoo(running: Yoo) -> Yoo:
    await running.forget()
    return running


def address(opened: dict[str, Any]) -> str:
    return str(opened["confirmation"]["confirmation_url"])


async def see(yoo: Yoo, url: str, **headers: str) -> str:
    answer = await yoo.http.get(url, headers=headers)
    assert answer.status_code == 200
    return answer.text


async def press(yoo: Yoo, opened: dict[str, Any], **form: str) -> httpx2.Response:
    return await yoo.http.post(address(opened), data=form)


async def test_the_page_names_shop_amount_and_purpose_and_calls_nobody_outside(yoo: Yoo) -> None:
    opened = await yoo.open()
    answer = await yoo.http.get(address(opened))
    page = answer.text

    assert "Тихий VPN" in page
    assert "299\N{NO-BREAK SPACE}₽" in page
    assert "Подписка, 30 дней" in page
    assert "Ссылка действует ещё 60 мин" in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    outside = set(re.findall(r"(?:href|src|action)=\"(https?://[^\"]+)", page)) - {RETURN_URL}
    assert outside == set()
    for asset in re.findall(r"(?:href|src)=\"(/sandbox/yookassa/assets/[^\"]+)", page):
        assert (await yoo.http.get(yoo.url.removesuffix("/sandbox/yookassa") + asset)).status_code == 200


async def test_text_of_the_shop_is_text_on_the_page(yoo: Yoo) -> None:
    opened = await yoo.open(description="<script>alert(1)</script>")
    assert "<script>alert" not in await see(yoo, address(opened))


@pytest.mark.parametrize("method", ["sbp", "yoo_money"])
async def test_pay_pays_and_leads_back(yoo: Yoo, method: str) -> None:
    opened = await yoo.open(payment_method_data={"type": method})
    pressed = await press(yoo, opened, action="pay")
    page = await see(yoo, str(httpx2.URL(address(opened)).join(pressed.headers["Location"])))

    assert pressed.status_code == 303
    assert await yoo.status(opened["id"]) == "succeeded"
    assert "Оплачено" in page
    assert f'http-equiv="refresh" content="3;url={RETURN_URL}"' in page
    assert "http-equiv" not in await see(yoo, address(opened))  # looked at later, it stays


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.number[-4:])
async def test_each_test_card_does_what_it_is_for(yoo: Yoo, card: Any) -> None:
    opened = await yoo.open()
    pressed = await press(yoo, opened, action="pay", number=card.spaced)
    if card.three_ds:
        assert await yoo.status(opened["id"]) == "pending"
        code_page = await see(yoo, str(httpx2.URL(address(opened)).join(pressed.headers["Location"])))
        assert 'data-testid="code"' in code_page
        await press(yoo, opened, action="pay", number=card.number, code="1")

    done = (await yoo.get(f"/payments/{opened['id']}")).json()
    assert done.get("cancellation_details", {}).get("reason") == card.reason
    if card.reason is None:
        assert done["payment_method"]["card"]["last4"] == card.number[-4:]
        assert done["authorization_details"]["three_d_secure"]["applied"] is card.three_ds


async def test_an_unknown_card_is_asked_for_again(yoo: Yoo) -> None:
    opened = await yoo.open()
    answer = await press(yoo, opened, action="pay", number="4111 1111 1111 1111")
    assert answer.status_code == 400
    assert "Такой карты здесь нет" in answer.text
    assert await yoo.status(opened["id"]) == "pending"


async def test_refusing_the_code_or_the_bank_declines(yoo: Yoo) -> None:
    card, sbp = await yoo.open(), await yoo.open(payment_method_data={"type": "sbp"})
    assert "Тихий VPN" in await see(yoo, address(sbp) + "/bank")
    for opened, reason in ((card, "3d_secure_failed"), (sbp, "general_decline")):
        await press(yoo, opened, action="refuse")
        done = (await yoo.get(f"/payments/{opened['id']}")).json()
        assert done["cancellation_details"]["reason"] == reason


async def test_decline_with_a_reason_and_expiry_are_shown(yoo: Yoo) -> None:
    declined, expired = await yoo.open(), await yoo.open()
    await press(yoo, declined, action="decline", reason="insufficient_funds")
    await press(yoo, expired, action="expire")

    assert "На карте или счёте не хватает денег" in await see(yoo, address(declined))
    assert "Срок оплаты истёк" in await see(yoo, address(expired))
    details = (await yoo.get(f"/payments/{expired['id']}")).json()["cancellation_details"]
    assert details == {"party": "yoo_money", "reason": "expired_on_confirmation"}


async def test_pressing_twice_and_pressing_late_change_nothing(yoo: Yoo) -> None:
    opened = await yoo.open(payment_method_data={"type": "yoo_money"})
    first = await press(yoo, opened, action="pay")
    second = await press(yoo, opened, action="pay")
    third = await press(yoo, opened, action="decline", reason="general_decline")

    assert first.headers["Location"] == second.headers["Location"] == third.headers["Location"]
    assert await yoo.status(opened["id"]) == "succeeded"
    await yoo.shop.wait_for(1)
    assert await yoo.shop.stays_at(1)


async def test_nonsense_presses_leave_the_payment_alone(yoo: Yoo) -> None:
    opened = await yoo.open()
    for form in ({}, {"action": "steal"}, {"action": "decline", "reason": "mood"}, {"action": "decline"}):
        assert (await press(yoo, opened, **form)).status_code == 200
    for body in (b"\xff\0=%%%", b"&".join(b"a=1" for _ in range(500))):
        assert (await yoo.http.post(address(opened), content=body)).status_code in (200, 400)
    assert await yoo.status(opened["id"]) == "pending"
    for tail in ("", "/code", "/bank", "/status"):
        assert (await yoo.http.get(f"{yoo.url}/checkout/unknown{tail}")).status_code == 404
    assert (await yoo.http.post(f"{yoo.url}/checkout/unknown", data={"action": "pay"})).status_code == 404


async def test_without_a_method_the_payer_chooses_among_what_is_possible(yoo: Yoo) -> None:
    opened = await yoo.open(payment_method_data=None)
    held = await yoo.open(payment_method_data=None, capture=False)
    choice, choice_of_hold = await see(yoo, address(opened)), await see(yoo, address(held))
    await press(yoo, opened, action="pay", method="sbp")
    await press(yoo, held, action="pay", method="sbp")

    assert all(f"method-{name}" in choice for name in ("bank_card", "sbp", "yoo_money"))
    assert "method-sbp" not in choice_of_hold
    assert (await yoo.get(f"/payments/{opened['id']}")).json()["payment_method"]["type"] == "sbp"
    assert await yoo.status(held["id"]) == "pending"


async def test_saving_is_offered_announced_or_neither(yoo: Yoo) -> None:
    money = {"type": "yoo_money"}
    offered = await yoo.open(payment_method_data=money)
    announced = await yoo.open(payment_method_data=money, save_payment_method=True)
    never = await yoo.open(payment_method_data=money, save_payment_method=False)
    pages = [await see(yoo, address(opened)) for opened in (offered, announced, never)]
    await press(yoo, offered, action="pay", save="1")

    assert ['data-testid="save"' in page for page in pages] == [True, False, False]
    assert ['data-testid="saved-always"' in page for page in pages] == [False, True, False]
    assert (await yoo.get(f"/payments/{offered['id']}")).json()["payment_method"]["saved"] is True
    await yoo.ctl(f"/shops/{SHOP_ID}", {"recurring": False})
    assert 'data-testid="save"' not in await see(yoo, address(await yoo.open(payment_method_data=money)))


async def test_the_language_is_asked_for_then_the_shops_then_the_browsers(yoo: Yoo) -> None:
    plain = await yoo.open()
    locale = {"type": "redirect", "return_url": RETURN_URL, "locale": "ru_RU"}
    russian = await yoo.open(confirmation=locale)

    assert 'lang="ru"' in await see(yoo, address(plain))
    assert 'lang="en"' in await see(yoo, address(plain), **{"Accept-Language": "en-US,en;q=0.9"})
    assert 'lang="ru"' in await see(yoo, address(russian), **{"Accept-Language": "en-US,en;q=0.9"})
    english = await see(yoo, address(russian) + "?lang=en")
    assert 'lang="en"' in english
    assert f"/checkout/{russian['id']}?lang=en" in english  # kept by the forms
    assert not re.search(
        "[а-яё]", english.replace("Тихий", "").replace("Подписка, 30 дней", "").replace("Русский", "")
    )


async def test_the_open_page_can_learn_that_it_was_paid_elsewhere(yoo: Yoo) -> None:
    opened = await yoo.open(payment_method_data={"type": "sbp"})
    before = (await yoo.http.get(address(opened) + "/status")).json()
    await yoo.ctl(f"/payments/{opened['id']}/pay")
    after = (await yoo.http.get(address(opened) + "/status")).json()
    assert (before["status"], after["status"]) == ("pending", "succeeded")


async def test_a_partly_refunded_payment_says_so(yoo: Yoo) -> None:
    done = await yoo.paid()
    await yoo.ctl("/refunds/external", {"payment_id": done["id"], "amount": "100.50"})
    assert "Возвращено 100,50\N{NO-BREAK SPACE}₽" in await see(yoo, f"{yoo.url}/checkout/{done['id']}")
