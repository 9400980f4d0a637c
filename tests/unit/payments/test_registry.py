"""The configured providers: found by id, by webhook address and by what they sell."""

import secrets
from collections.abc import AsyncIterator, Mapping

import pytest

from backend.kit.money import Currency
from backend.payments.providers import PROVIDERS, NoSuchAddress, ProviderNotConfigured, Providers
from backend.payments.providers.yookassa import Config, YooKassa

KEYS = {"new": secrets.token_bytes(32), "old": secrets.token_bytes(32)}


def shop(keys: Mapping[str, bytes] = KEYS, newest: str = "new") -> Providers:
    driver = YooKassa(Config(_env_file=None, shop_id="100500", secret_key="test_Abc"))
    return Providers([driver], keys, newest)


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    made = shop()
    yield made
    await made.aclose()


CREDENTIALS = {
    "coingate": {"COINGATE_API_KEY": "Abc"},
    "stars": {"TELEGRAM_BOT_TOKEN": "4200000042:AAH-a-token"},
    "yookassa": {"YOOKASSA_SHOP_ID": "100500", "YOOKASSA_SECRET_KEY": "test_Abc"},
}


@pytest.mark.parametrize("name", sorted(PROVIDERS))
async def test_every_driver_is_listed_under_its_own_id(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for variable, value in CREDENTIALS[name].items():
        assert variable.startswith((PROVIDERS[name].config.model_config.get("env_prefix", "?"), "TELEGRAM_"))
        monkeypatch.setenv(variable, value)

    driver = PROVIDERS[name].build()

    assert driver is not None
    assert driver.id == name
    await driver.aclose()


def test_a_configured_provider_is_found_by_its_id(providers: Providers) -> None:
    assert providers.get("yookassa").account == "100500"
    assert [driver.id for driver in providers] == ["yookassa"]


async def test_prices_are_shown_in_what_can_be_paid(monkeypatch: pytest.MonkeyPatch, providers: Providers) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", CREDENTIALS["stars"]["TELEGRAM_BOT_TOKEN"])
    stars = PROVIDERS["stars"].build()
    assert stars is not None

    assert Providers([stars, *providers], KEYS, "new").currency is Currency.RUB
    assert Providers([stars], KEYS, "new").currency is Currency.XTR
    assert Providers([], KEYS, "new").currency is Currency.RUB
    await stars.aclose()


@pytest.mark.parametrize("unknown", ["coingate", "", "YOOKASSA", "\0"])
def test_another_one_is_not_there(providers: Providers, unknown: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        providers.get(unknown)
    with pytest.raises(ProviderNotConfigured):
        providers.hook_path(unknown)


def test_its_webhook_address_leads_to_it(providers: Providers) -> None:
    _, place, provider, token = providers.hook_path("yookassa").split("/")

    assert (place, provider, len(token)) == ("webhooks", "yookassa", 43)
    assert providers.at(provider, token) is providers.get("yookassa")


def test_after_a_rotation_the_old_address_works_until_its_key_is_dropped(providers: Providers) -> None:
    before = shop({"old": KEYS["old"]}, "old").hook_path("yookassa").split("/")[-1]

    assert before not in providers.hook_path("yookassa")
    assert providers.at("yookassa", before) is providers.get("yookassa")
    with pytest.raises(NoSuchAddress):
        shop({"new": KEYS["new"]}).at("yookassa", before)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ж" * 43, "\ud800", "\0", "x" * 100_000])
def test_a_wrong_token_leads_nowhere_and_is_not_repeated_in_the_error(providers: Providers, token: str) -> None:
    with pytest.raises(NoSuchAddress) as refused:
        providers.at("yookassa", token)

    assert refused.value.details == {}


def test_a_right_token_of_another_provider_leads_nowhere(providers: Providers) -> None:
    token = providers.hook_path("yookassa").split("/")[-1]

    with pytest.raises(NoSuchAddress):
        providers.at("coingate", token)


def test_what_can_be_bought_depends_on_the_currency(providers: Providers) -> None:
    offered = [(driver.id, method) for driver, method in providers.offers(Currency.RUB)]

    assert offered == [("yookassa", "bank_card"), ("yookassa", "sbp"), ("yookassa", "yoo_money")]
    assert providers.offers(Currency.XTR) == []


def test_with_nothing_configured_nothing_is_on_sale() -> None:
    assert Providers([], KEYS, "new").offers(Currency.RUB) == []
