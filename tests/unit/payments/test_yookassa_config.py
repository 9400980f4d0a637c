"""What an operator may set for YooKassa, and what is refused in words he can act on."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from backend.payments.providers.yookassa import Config, YooKassa


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("no-env-file"))
    for name in list(Config.model_fields):
        monkeypatch.delenv(f"YOOKASSA_{name.upper()}", raising=False)


def set_shop(monkeypatch: pytest.MonkeyPatch, secret_key: str = "test_Abc", **more: str) -> None:
    for name, value in {"shop_id": "100500", "secret_key": secret_key, **more}.items():
        monkeypatch.setenv(f"YOOKASSA_{name.upper()}", value)


def test_without_credentials_it_is_off() -> None:
    assert not Config().configured
    assert YooKassa.from_environment() is None


@pytest.mark.parametrize("present", ["YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY"])
def test_one_credential_alone_is_an_error_that_names_the_other(monkeypatch: pytest.MonkeyPatch, present: str) -> None:
    monkeypatch.setenv(present, "100500")
    other = {"YOOKASSA_SHOP_ID": "YOOKASSA_SECRET_KEY", "YOOKASSA_SECRET_KEY": "YOOKASSA_SHOP_ID"}[present]

    with pytest.raises(ValueError, match=f"{other} is missing"):
        Config()


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch, shop_id="", secret_key="", api_url="", vat_code="", webhook_nets="")

    assert not Config().configured
    assert str(Config().api_url) == "https://api.yookassa.ru/v3"
    assert ip_network("185.71.76.0/27") in Config().webhook_nets


async def test_both_credentials_switch_it_on_with_the_shop_as_account(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch)

    driver = YooKassa.from_environment()

    assert driver is not None
    assert (driver.account, driver.test) == ("100500", True)
    await driver.aclose()


@pytest.mark.parametrize(
    ("secret_key", "expected", "test"),
    [("test_Abc", None, True), ("live_Abc", None, False), ("live_Abc", "true", True), ("test_Abc", "false", False)],
)
def test_money_is_play_money_as_the_key_says_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, secret_key: str, expected: str | None, test: bool
) -> None:
    set_shop(monkeypatch, secret_key, **({"expect_test": expected} if expected else {}))

    assert Config().test is test


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/sandbox/yookassa/v3",
        "https://api.yookassa.ru.evil.example/v3",
        "http://api.yookassa.ru/v3",
        "https://api.yookassa.ru@evil.example/v3",
    ],
)
def test_a_live_key_is_sent_to_nobody_but_yookassa(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    set_shop(monkeypatch, "live_TopSecret", api_url=address)

    with pytest.raises(ValueError, match="YOOKASSA_API_URL") as refused:
        Config()

    assert "TopSecret" not in str(refused.value)


def test_a_test_key_works_at_the_sandbox_and_at_yookassa(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch)
    assert Config().configured

    monkeypatch.setenv("YOOKASSA_API_URL", "http://127.0.0.1:8080/sandbox/yookassa/v3")
    assert Config().configured


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vat_code", "13"),
        ("vat_code", "twenty"),
        ("tax_system_code", "0"),
        ("webhook_nets", "185.71.76.0/27, nonsense"),
        ("api_url", "api.yookassa.ru"),
        ("expect_test", "perhaps"),
    ],
)
def test_a_wrong_value_names_its_setting_and_never_the_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    set_shop(monkeypatch, "test_TopSecret", **{name: value})

    with pytest.raises(ValidationError) as refused:
        Config()

    assert [error["loc"][0] for error in refused.value.errors()] == [name]
    assert "TopSecret" not in str(refused.value)


async def test_webhooks_are_taken_from_the_documented_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch)
    driver = YooKassa(Config())

    ours = ["185.71.76.1", "185.71.77.31", "77.75.153.127", "77.75.156.11", "77.75.156.35", "77.75.154.200"]
    assert all(driver.accepts_from(address) for address in [*ours, "2a02:5180:0:1509::7", "::ffff:185.71.76.1"])

    foreign = ["185.71.76.32", "77.75.156.12", "77.75.154.127", "127.0.0.1", "2a02:5181::1", "::ffff:8.8.8.8"]
    broken = [None, "", "185.71.76.1, 8.8.8.8", "185.71.76.01", "nonsense", "1" * 10_000, "\ud800", "fe80::1%eth0"]
    assert not any(driver.accepts_from(address) for address in [*foreign, *broken])
    await driver.aclose()


async def test_the_operator_can_replace_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch, webhook_nets="127.0.0.1, 10.0.0.0/8 ,")
    driver = YooKassa(Config())

    assert driver.accepts_from("127.0.0.1")
    assert driver.accepts_from("10.9.8.7")
    assert not driver.accepts_from("185.71.76.1")
    await driver.aclose()


def test_the_secret_key_shows_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop(monkeypatch, "test_TopSecret")

    assert "TopSecret" not in repr(Config())
    assert "TopSecret" not in Config().model_dump_json()
