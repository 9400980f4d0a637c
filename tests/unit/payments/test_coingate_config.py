"""What an operator may set for CoinGate, and what is refused in words he can act on."""

import pytest
from pydantic import ValidationError

from backend.payments.providers.coingate import CoinGate, Config


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("no-env-file"))
    for name in list(Config.model_fields):
        monkeypatch.delenv(f"COINGATE_{name.upper()}", raising=False)


def set_app(monkeypatch: pytest.MonkeyPatch, api_key: str = "Abc-123", **more: str) -> None:
    for name, value in {"api_key": api_key, **more}.items():
        monkeypatch.setenv(f"COINGATE_{name.upper()}", value)


@pytest.mark.parametrize("key", [None, "", "   "])
def test_without_a_key_it_is_off(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    if key is not None:
        set_app(monkeypatch, key)

    assert not Config().configured
    assert CoinGate.from_environment() is None
    with pytest.raises(ValueError, match="COINGATE_API_KEY"):
        CoinGate(Config())


async def test_a_key_alone_switches_it_on_with_real_money(monkeypatch: pytest.MonkeyPatch) -> None:
    set_app(monkeypatch)

    driver = CoinGate.from_environment()

    assert driver is not None
    assert (driver.account, driver.test, driver.methods) == ("app", False, ("btc", "eth", "ltc"))
    assert (Config().mode, Config().receive_currency) == ("hosted", "DO_NOT_CONVERT")
    await driver.aclose()


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_app(monkeypatch, app_label="", api_url="", mode="", receive_currency="")

    assert (str(Config().api_url), Config().app_label) == ("https://api.coingate.com/v2", "app")


@pytest.mark.parametrize(
    ("url", "test"),
    [
        ("https://api.coingate.com/v2", False),
        ("https://api.coingate.com/api/v2/", False),
        ("https://API.CoinGate.com/v2", False),
        ("https://api-sandbox.coingate.com/v2", True),
        ("http://127.0.0.1:8080/sandbox/coingate/v2", True),
    ],
)
def test_money_is_real_at_one_address_only(monkeypatch: pytest.MonkeyPatch, url: str, test: bool) -> None:
    set_app(monkeypatch, api_url=url)

    assert Config().test is test


@pytest.mark.parametrize("host", ["api.coingate.com", "api-sandbox.coingate.com"])
def test_a_key_is_not_sent_readable_to_coingate(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    set_app(monkeypatch, api_url=f"http://{host}/v2")

    with pytest.raises(ValidationError, match=f"{host} is spoken to by https only"):
        Config()


def test_blanks_around_a_key_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    set_app(monkeypatch, " Abc-123\r\n")

    assert Config().key == "Abc-123"


@pytest.mark.parametrize("key", ["Abc 123", "Abc\n123", "Ключ", "Abc\x7f123", "Abc\u00a0123"])
def test_a_key_that_is_none_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    set_app(monkeypatch, key)

    with pytest.raises(ValidationError, match="copy the token from CoinGate again") as refused:
        Config()

    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "white-label"),
        ("app_label", "two words"),
        ("app_label", "x" * 41),
        ("app_label", "строка"),
        ("receive_currency", "euro"),
        ("api_url", "api.coingate.com"),
    ],
)
def test_other_settings_must_fit_too(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_app(monkeypatch, **{name: value})

    with pytest.raises(ValidationError, match=name):
        Config()


def test_the_key_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    set_app(monkeypatch)

    assert "Abc-123" not in repr(Config())
