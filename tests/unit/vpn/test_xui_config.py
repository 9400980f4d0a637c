"""The first panel, from the environment."""

import pytest
from pydantic import ValidationError

from backend.vpn.panels.base import PanelAccess
from backend.vpn.panels.xui.config import Config


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("API_URL", "API_TOKEN", "USERNAME", "PASSWORD", "INBOUND_ID", "VERIFY_TLS"):
        monkeypatch.delenv(f"X3UI_{name}", raising=False)
    return monkeypatch


def read() -> Config:
    return Config(_env_file=None)


def test_without_an_address_there_is_no_panel(env: pytest.MonkeyPatch) -> None:
    env.setenv("X3UI_API_URL", "")

    assert read().access() is None


def test_an_address_and_a_token_are_enough(env: pytest.MonkeyPatch) -> None:
    env.setenv("X3UI_API_URL", " https://203.0.113.10:2053/abc ")
    env.setenv("X3UI_API_TOKEN", "t0ken")
    env.setenv("X3UI_INBOUND_ID", "3")

    config = read()

    assert config.access() == PanelAccess(url="https://203.0.113.10:2053/abc/", token="t0ken")
    assert config.inbound_id == 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("203.0.113.10:2053/abc/", "must start with http:// or https://"),
        ("panel.example.com", "must start with http:// or https://"),
        ("ftp://panel.example.com/", "must start with http:// or https://"),
        ("https://", "no host"),
        ("https://panel.example.com:port/", "not an address"),
        ("https://[::1/", "not an address"),
        ("https://shop:S3cret-pass@panel.example.com/", "must not hold a login"),
        ("https://panel.example.com/abc/?token=S3cret-pass", "must end with the base path"),
    ],
)
def test_a_wrong_address_is_named_with_an_example_and_without_secrets(
    env: pytest.MonkeyPatch, url: str, words: str
) -> None:
    env.setenv("X3UI_API_URL", url)
    env.setenv("X3UI_API_TOKEN", "t0ken")

    with pytest.raises(ValidationError) as caught:
        read()

    assert "X3UI_API_URL" in str(caught.value)
    assert words in str(caught.value)
    assert "https://203.0.113.10:2053/abc/" in str(caught.value)
    assert "S3cret-pass" not in str(caught.value)


def test_a_login_is_enough_where_no_token_was_made(env: pytest.MonkeyPatch) -> None:
    env.setenv("X3UI_API_URL", "https://203.0.113.10:2053/abc/")
    env.setenv("X3UI_API_TOKEN", "")
    env.setenv("X3UI_USERNAME", "shop")
    env.setenv("X3UI_PASSWORD", "S3cret-pass")

    config = read()

    assert "S3cret-pass" not in repr(config)
    assert config.access() == PanelAccess(
        url="https://203.0.113.10:2053/abc/", username="shop", password="S3cret-pass"
    )


def test_an_address_without_a_way_in_says_what_is_missing(env: pytest.MonkeyPatch) -> None:
    env.setenv("X3UI_API_URL", "https://203.0.113.10:2053/abc/")

    with pytest.raises(ValidationError, match="X3UI_API_TOKEN is missing: make a token in the panel") as caught:
        read()

    assert "X3UI_USERNAME and X3UI_PASSWORD are needed" in str(caught.value)


@pytest.mark.parametrize("half", ["X3UI_USERNAME", "X3UI_PASSWORD"])
def test_half_a_login_is_noticed(env: pytest.MonkeyPatch, half: str) -> None:
    env.setenv("X3UI_API_URL", "https://203.0.113.10:2053/abc/")
    env.setenv(half, "S3cret-pass")

    with pytest.raises(ValidationError, match="X3UI_USERNAME and X3UI_PASSWORD go together"):
        read()


def test_secrets_are_not_shown(env: pytest.MonkeyPatch) -> None:
    env.setenv("X3UI_API_URL", "https://203.0.113.10:2053/abc/")
    env.setenv("X3UI_API_TOKEN", "t0ken-t0ken")

    assert "t0ken-t0ken" not in repr(read())
