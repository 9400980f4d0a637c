"""Which addresses mail can be sent to."""

import pytest

from backend.users.rules import read_email


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna.B+vpn@Mail.Example.RU\n", "Anna.B+vpn@mail.example.ru"),
        ("mailto:a@b.co", "a@b.co"),
        ("o'neil@xn--80ak6aa92e.com", "o'neil@xn--80ak6aa92e.com"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_address_is_taken_as_it_is_meant(written: str, read: str) -> None:
    assert read_email(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "anna@example",
        "anna @example.com",
        "anna@example..com",
        ".anna@example.com",
        "anna.@example.com",
        "anna@-example.com",
        "anna@example.com, ivan@example.com",
        "anna@example.com\nbcc: x@example.com",
        "анна@пример.рф",
        '<b>"@example.com',
        "anna@127.0.0.1",
        f"{'a' * 65}@example.com",
        f"a@{'b.' * 130}com",
        "a@" + "b" * 64 + ".com",
    ],
)
def test_anything_else_is_asked_for_again(written: str) -> None:
    assert read_email(written) is None
