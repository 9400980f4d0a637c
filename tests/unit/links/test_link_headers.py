"""What apps read beside a document."""

from base64 import b64decode
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.links.formats import FORMATS
from backend.links.formats.base import Profile
from backend.links.headers import PAGE, response_headers


def text_of(value: str) -> str:
    return b64decode(value.removeprefix("base64:"), validate=True).decode()


def test_the_headers_of_a_links_document(make_profile: Callable[..., Profile]) -> None:
    headers = response_headers(make_profile(announce="Скоро конец", announce_url="https://t.me/b"), "links")

    assert headers == {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept, User-Agent",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": "inline; filename=\"VPN\"; filename*=UTF-8''%D0%9B%D0%B8%D1%81%D0%B0%20VPN",
        "subscription-userinfo": "upload=1000; download=26843545600; total=107374182400; expire=1799146800",
        "profile-title": "base64:0JvQuNGB0LAgVlBO",
        "profile-update-interval": "12",
        "profile-web-page-url": "https://vpn.example.net/sub/Q7xk2mVbZt9RfLw3HnPd8sYc",
        "update-always": "true",
        "support-url": "https://t.me/fox_support",
        "announce": "base64:0KHQutC+0YDQviDQutC+0L3QtdGG",
        "announce-url": "https://t.me/b",
    }


def test_unlimited_is_zero_and_no_number_is_ever_missing(make_profile: Callable[..., Profile]) -> None:
    headers = response_headers(make_profile(total_bytes=0, expires_at=None), "links")

    assert headers["subscription-userinfo"] == "upload=1000; download=26843545600; total=0; expire=0"


def test_what_is_not_set_is_not_sent(make_profile: Callable[..., Profile]) -> None:
    headers = response_headers(make_profile(support_url=""), "links")

    assert not {"support-url", "announce", "announce-url"} & headers.keys()


def test_long_texts_are_cut_where_apps_would_refuse_them(make_profile: Callable[..., Profile]) -> None:
    headers = response_headers(make_profile(title="Очень длинное название магазина", announce="я" * 300), "links")

    assert text_of(headers["profile-title"]) == "Очень длинное название ма"
    assert text_of(headers["announce"]) == "я" * 200


def test_a_browser_that_forces_a_format_saves_a_file(make_profile: Callable[..., Profile]) -> None:
    headers = response_headers(make_profile(title="Лиса"), "plain", save=True)

    assert headers["Content-Disposition"] == "attachment; filename=\"vpn\"; filename*=UTF-8''%D0%9B%D0%B8%D1%81%D0%B0"


@pytest.mark.parametrize("name", sorted(FORMATS))
@given(text=st.text())
def test_nothing_a_person_typed_breaks_a_header(name: str, text: str, make_profile: Callable[..., Profile]) -> None:
    profile = make_profile(title=text, announce=text, support_url=text, announce_url=text)

    headers = response_headers(profile, name)

    for value in headers.values():
        assert value.encode("latin-1").isascii()
        assert value.isprintable()
    assert unquote(headers["Content-Disposition"].split("''")[1]) == text


def test_a_page_may_load_nothing_from_elsewhere() -> None:
    policy = PAGE["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert PAGE["Cache-Control"] == "no-store"
