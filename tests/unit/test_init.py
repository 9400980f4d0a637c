"""The file .env as it is read and changed, and what init needs to know of a provider."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from backend.kit.db import async_dsn, plain_dsn
from backend.kit.i18n import languages, translator
from backend.payments.providers import PROVIDERS
from backend.settings import Settings
from cli.envfile import Unwritable, changed, read, write
from cli.init import try_address
from cli.names import known_names, secret_names
from cli.wiring import CannotStart, read_settings, wire


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .env of a folder of one's own, and nothing of ours in the environment."""
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


def test_values_take_the_place_of_what_counted_and_all_else_stays() -> None:
    before = "# mine\nA=1\nexport a='2' # the one that counts\n\nB = x"

    assert changed(before, {"A": "3", "C": "new"}) == "# mine\nA=1\nexport A=3\n\nB = x\nC=new\n"


@pytest.mark.parametrize(
    "value", ["", "a b", "it's", 'say "x"', "back\\slash", "a#b", " edge ", "#", "$HOME", "ключ"]
)
def test_whatever_is_written_is_read_again(value: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    write(file, changed("OTHER=1\n", {"NAME": value}))

    assert dotenv_values(file) == {"OTHER": "1", "NAME": value}
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_no_spelling_would_keep_is_refused() -> None:
    with pytest.raises(Unwritable, match="NAME"):
        changed("", {"NAME": "a${b}"})


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to("real")
    write(tmp_path / ".env", "A=2\n")

    assert (tmp_path / ".env").is_symlink()
    assert read(tmp_path / "real") == "A=2\n"


def test_every_credential_is_a_setting_with_a_question_and_is_hidden_when_secret() -> None:
    asked = [name for driver in PROVIDERS.values() for name in driver.credentials]

    assert asked
    assert set(asked) <= known_names()
    assert all(name in secret_names() for name in asked if name.endswith("_KEY"))
    for language in languages():
        t = translator(language)
        assert [name for name in asked if not t.has(f"init-ask-{name.lower().replace('_', '-')}")] == []


def test_a_slip_is_named_with_what_was_meant(env: Path) -> None:
    env.write_text("TELEGRAM_BOT_TOKEN=1:a\nYOKASSA_SHOP_ID=1\n")

    with pytest.raises(CannotStart, match="did you mean YOOKASSA_SHOP_ID"):
        read_settings()


def test_a_wrong_value_is_explained_and_never_shown(env: Path) -> None:
    env.write_text(
        "TELEGRAM_BOT_TOKEN=hunter2\nSECRET_KEY=hunter2\nADMIN_IDS=@hunter2\nDATABASE_URL=mysql://hunter2\n"
    )

    with pytest.raises(CannotStart) as refused:
        read_settings()

    told = str(refused.value)
    assert "TELEGRAM_BOT_TOKEN: must be the whole token" in told
    assert "ADMIN_IDS: takes Telegram ids" in told
    assert "DATABASE_URL: must be a PostgreSQL address" in told
    assert "hunter2" not in told


def test_a_file_that_is_no_text_is_one_sentence(env: Path) -> None:
    env.write_bytes("SHOP_NAME=Тихий VPN\n".encode("cp1251"))
    with pytest.raises(CannotStart, match="not UTF-8"):
        read_settings()


@pytest.mark.parametrize(
    ("text", "ids"), [("", ()), ("42", (42,)), (" 42 , 279058397,", (42, 279058397)), ("42,42", (42,))]
)
def test_operators_are_named_by_numbers(text: str, ids: tuple[int, ...], env: Path) -> None:
    env.write_text(f"TELEGRAM_BOT_TOKEN=1:a\nSECRET_KEY=0123456789abcdef\nADMIN_IDS={text}\n")

    assert Settings().admin_ids == ids


@pytest.mark.parametrize("text", ["@anna", "-1001234", "4 2", "٤٢", "42;43", "0", "1" * 20])
def test_what_is_no_persons_id_is_refused(text: str, env: Path) -> None:
    env.write_text(f"TELEGRAM_BOT_TOKEN=1:a\nSECRET_KEY=0123456789abcdef\nADMIN_IDS={text}\n")

    with pytest.raises(CannotStart, match="ADMIN_IDS"):
        read_settings()


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("postgresql+asyncpg://u:p@h:5433/shop?ssl=require", "postgresql://u:p@h:5433/shop?sslmode=require"),
        ("postgres://u@h/shop", "postgresql://u@h/shop"),
        ("postgresql+psycopg2://u:a/b#c@h/shop", "postgresql://u:a%2Fb%23c@h/shop"),
        ("postgresql://u@/shop?host=/run/pg", "postgresql://u@/shop?host=%2Frun%2Fpg"),
        (
            "postgresql://u@[::1]/shop?options=-c%20search_path%3Dx",
            "postgresql://u@[::1]/shop?options=-c%20search_path%3Dx",
        ),
    ],
)
def test_a_database_is_found_whichever_driver_its_address_was_written_for(written: str, plain: str) -> None:
    assert plain_dsn(written) == plain
    assert async_dsn(written) == plain.replace("postgresql", "postgresql+psycopg", 1)


def test_an_address_that_nobody_outside_reaches_is_told_before_people_are() -> None:
    t = translator("en")

    assert [finding.level for finding in try_address("https://127.0.0.1", t)] == ["fail"]
    assert [finding.level for finding in try_address("http://[2606:4700::1111]", t)] == ["fail", "ok"]
    assert [finding.level for finding in try_address("https://1.1.1.1", t)] == ["ok"]
    assert [finding.level for finding in try_address("", t)] == ["warn"]


@pytest.mark.parametrize(
    "address",
    ["https://example.com/vpn", "https://example.com/?a=1", "https://example.com#a", "https://me@example.com"],
)
def test_an_address_with_something_behind_its_host_is_refused(address: str, env: Path) -> None:
    env.write_text(f"TELEGRAM_BOT_TOKEN=1:a\nSECRET_KEY=0123456789abcdef\nPUBLIC_URL={address}\n")

    with pytest.raises(CannotStart, match="PUBLIC_URL: takes a host of its own"):
        read_settings()


@pytest.mark.parametrize(
    "address", ["http://shop", "https://localhost:8080", "https://shop.local", "http://10.0.0.1"]
)
def test_an_address_telegram_refuses_buttons_to_is_refused(address: str, env: Path) -> None:
    env.write_text(f"TELEGRAM_BOT_TOKEN=1:a\nSECRET_KEY=0123456789abcdef\nPUBLIC_URL={address}\n")

    with pytest.raises(CannotStart, match="Telegram refuses buttons that lead there"):
        wire(read_settings(), "postgresql://", bot_username="")


@pytest.mark.parametrize(
    ("lines", "trusted"),
    [
        ("", ["127.0.0.1/32", "::1/128"]),
        ("HOST=::1\n", ["127.0.0.1/32", "::1/128"]),
        ("HOST=0.0.0.0\n", []),
        ("HOST=0.0.0.0\nTRUSTED_PROXIES=10.0.0.2\n", ["10.0.0.2/32"]),
        ("TRUSTED_PROXIES=10.0.0.2\n", ["10.0.0.2/32"]),
    ],
)
def test_a_proxy_on_the_same_machine_is_known_by_itself(lines: str, trusted: list[str], env: Path) -> None:
    env.write_text(f"TELEGRAM_BOT_TOKEN=1:a\nSECRET_KEY=0123456789abcdef\n{lines}")

    assert [str(net) for net in Settings().proxies] == trusted
