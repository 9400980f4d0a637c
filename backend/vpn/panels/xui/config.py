"""The first server, from the environment; further ones are rows."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.vpn.panels.base import PanelAccess

EXAMPLE = "for example https://203.0.113.10:2053/abc/"


def read_url(text: str) -> str:
    """The address of a panel, with its base path and a slash at the end.

    Raises:
        ValueError: a sentence that begins with X3UI_API_URL.
    """
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 reading it checks it
    except ValueError:
        raise ValueError(f"X3UI_API_URL is not an address, {EXAMPLE}") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"X3UI_API_URL must start with http:// or https://, {EXAMPLE}")
    if not parts.hostname:
        raise ValueError(f"X3UI_API_URL has no host, {EXAMPLE}")
    if parts.username or parts.password:
        raise ValueError(f"X3UI_API_URL must not hold a login, which is given apart: write {EXAMPLE}")
    if parts.query or parts.fragment:
        raise ValueError(f"X3UI_API_URL must end with the base path, {EXAMPLE}")
    return text.strip().rstrip("/") + "/"


class Config(BaseSettings):
    """X3UI_*: how to reach the first panel. Without an address there is none."""

    model_config = SettingsConfigDict(
        env_prefix="X3UI_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    api_url: str | None = Field(None, description="Address of the 3X-UI panel with its base path.")
    api_token: SecretStr | None = Field(None, description="API token of the panel: Settings, Security, API tokens.")
    username: str | None = Field(None, description="Panel login, for panels without API tokens.")
    password: SecretStr | None = Field(None, description="Panel password, for panels without API tokens.")
    inbound_id: int | None = Field(None, ge=1, description="Inbound to sell. Empty: the first that can be sold.")
    country: str | None = Field(
        None,
        pattern="^[A-Za-z]{2}$",
        description="Where the server stands, in two letters: NL. People see flag and name.",
    )
    verify_tls: bool = Field(True, description="Check the panel's certificate. No: for a self-signed one.")

    @field_validator("api_url")
    @classmethod
    def _whole_address(cls, value: str | None) -> str | None:
        return None if value is None else read_url(value)

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("X3UI_USERNAME and X3UI_PASSWORD go together: one of them is missing")
        if self.api_url and not self.api_token and not self.username:
            raise ValueError(
                "X3UI_API_TOKEN is missing: make a token in the panel, Settings, Security, API tokens. "
                "Without one, X3UI_USERNAME and X3UI_PASSWORD are needed"
            )
        return self

    def access(self) -> PanelAccess | None:
        """How to reach the first panel; None: none is configured."""
        if self.api_url is None:
            return None
        return PanelAccess(
            url=self.api_url,
            token=self.api_token.get_secret_value() if self.api_token else None,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            verify_tls=self.verify_tls,
        )
