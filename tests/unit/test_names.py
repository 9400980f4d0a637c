"""Variables that are nearly one of ours."""

from pathlib import Path

import pytest

from cli.names import distance, known_names, names_in, nearest, slips, strangers


def test_the_names_operators_know_are_known() -> None:
    names = {"DATABASE_URL", "SECRET_KEY", "TELEGRAM_BOT_TOKEN", "YOOKASSA_SHOP_ID", "YOOKASSA_SECRET_KEY"}
    names |= {"X3UI_API_URL", "X3UI_USERNAME", "X3UI_PASSWORD", "X3UI_API_TOKEN", "RECEIPT_PAYMENT_MODE"}

    assert names <= known_names()


def test_a_name_with_a_slip_is_told_from_a_strange_one(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("YOKASSA_SHOP_ID=1\nTELEGRAM_BOT_TOKE=x\nDATABASE_URL=postgresql://\nGOOGLE_KEY=1\n")

    assert slips(env) == {"YOKASSA_SHOP_ID": "YOOKASSA_SHOP_ID", "TELEGRAM_BOT_TOKE": "TELEGRAM_BOT_TOKEN"}
    assert strangers(env) == ["GOOGLE_KEY"]


def test_a_file_of_another_system_is_read(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_bytes("\ufeffSECRET_KEY = 'quoted'\r\nexport PUBLIC_URL=\"https://x\"\r\n".encode())

    assert names_in(env) == {"SECRET_KEY", "PUBLIC_URL"}


@pytest.mark.parametrize(
    ("one", "other", "letters"), [("", "", 0), ("ab", "ab", 0), ("ab", "ba", 2), ("abc", "ac", 1)]
)
def test_letters_are_counted(one: str, other: str, letters: int) -> None:
    assert distance(one, other) == letters


def test_three_letters_off_is_another_name() -> None:
    assert nearest("SECRET_KEEPER", ["SECRET_KEY"]) is None
