"""The texts people accept: as pages, in the bot, and with a version that stands for one text alone."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backend.consents.documents import BUILT_IN, read_texts, version_name
from backend.consents.models import Consent, SeenText
from backend.consents.service import TextChanged, refuse_changed, take_texts
from backend.kit.i18n import translator
from cli.wiring import CannotStart, prepare
from tests.integration.bot_fixtures import BotShop, labels
from tests.shop import Shop

VALUES = {"seller": "ИП Иванова", "support": "@anna", "shop": "VPN"}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_text_has_a_page_in_every_language(shop: Shop, language: str) -> None:
    listed = await shop.http.get("/terms", params={"lang": language})
    assert listed.status_code == 200

    for name in ("offer", "privacy", "refunds", "autopay"):
        document = shop.deps.texts.get(name, language)
        assert document.title in listed.text
        page = await shop.http.get(f"/terms/{name}", params={"lang": language})
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.text
        assert f"<h1>{document.title}</h1>" in page.text
        assert version_name(translator(language), document.version) in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]


async def test_the_page_speaks_the_browsers_language(shop: Shop) -> None:
    page = await shop.http.get("/terms/offer", headers={"Accept-Language": "en-GB,en;q=0.9"})

    assert '<html lang="en">' in page.text


async def test_what_an_operator_writes_is_text_and_no_markup(shop: Shop) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1))"
    texts = read_texts(BUILT_IN, VALUES | {"seller": hostile})
    shop.deps.texts = texts

    page = await shop.http.get("/terms/offer")

    assert "<script>" not in page.text
    assert 'href="javascript' not in page.text


async def test_a_text_that_stands_somewhere_else_is_led_to(shop: Shop) -> None:
    shop.deps.texts = read_texts(BUILT_IN, VALUES, elsewhere={"offer": "https://o.example/7"})

    assert (await shop.http.get("/terms/offer")).headers["location"] == "https://o.example/7"
    assert 'href="https://o.example/7"' in (await shop.http.get("/terms")).text


async def test_an_unknown_text_is_not_there(shop: Shop) -> None:
    assert (await shop.http.get("/terms/cookies")).status_code == 404


async def test_a_text_changed_under_its_version_is_refused_at_the_start(shop: Shop) -> None:
    document = shop.deps.texts.get("offer", "ru")
    changed = [replace(document, sha256="0" * 64)]

    async with shop.deps.db.transaction() as session:
        with pytest.raises(TextChanged):
            await refuse_changed(session, changed)
        with pytest.raises(TextChanged):
            await take_texts(session, changed, shop.now)
    shop.deps.texts = changed  # type: ignore[assignment]
    with pytest.raises(CannotStart, match=r"offer\.ru\.md was changed, but still says version"):
        await prepare(shop.deps)


async def test_an_order_accepts_the_version_that_was_taken_last(shop: Shop) -> None:
    buyer = await shop.buyer()
    newer = [replace(text, version="2027-02-01", sha256="1" * 64) for text in shop.deps.texts]
    await buyer.orders()
    shop.advance(seconds=1)
    async with shop.deps.db.transaction() as session:
        await take_texts(session, newer, shop.now)
    await buyer.orders(method="sbp")
    shop.advance(seconds=1)
    async with shop.deps.db.transaction() as session:
        await take_texts(session, shop.deps.texts, shop.now)
    await buyer.orders(method="yoo_money")

    consents = await shop.all(select(Consent).where(Consent.document == "offer").order_by(Consent.id))
    old = shop.deps.texts.get("offer", "ru").version
    assert [consent.version for consent in consents] == [old, "2027-02-01", old]
    assert len(await shop.all(select(SeenText).where(SeenText.document == "offer"))) == 4


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_bot_leads_to_the_pages(bot_shop: BotShop, language: str) -> None:
    phone = await bot_shop.started(language)

    await phone.writes("/terms")

    title = bot_shop.shop.deps.texts.get("privacy", language).title
    assert await phone.address(title) == f"{bot_shop.shop.town.shop_url}/terms/privacy?lang={language}"


async def test_without_an_address_the_bot_shows_the_texts_itself(bot_shop: BotShop) -> None:
    texts = read_texts(BUILT_IN, VALUES)
    bot_shop.shop.deps.texts = texts
    phone = await bot_shop.started()
    await phone.writes("/terms")

    await phone.taps("Оферта")
    read = (await phone.screen())["text"]
    while any("Дальше" in label for label in labels(await phone.screen())):
        await phone.taps("Дальше")
        read += (await phone.screen())["text"]

    assert "Редакция от 25\u00a0ноября 2026" in read
    assert "1. Услуга" in read
    assert "7. Исполнитель" in read
    await phone.taps("Все документы")
    assert "Условия" in (await phone.screen())["text"]
