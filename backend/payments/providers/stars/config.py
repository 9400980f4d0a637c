"""What an operator sets for Stars, and what of the bot's own settings they need."""

from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OFFICIAL_URL = "https://api.telegram.org"


class Config(BaseSettings):
    """Read once from the environment. Stars need no credentials but the bot's token."""

    model_config = SettingsConfigDict(
        env_prefix="STARS_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    enabled: bool = Field(
        True,
        description="Whether plans with a price in Stars are sold for them. What is paid already is settled anyway.",
    )
    test: bool | None = Field(
        None,
        description="Whether Stars are play money. Empty: they are where TELEGRAM_API_URL is set; say false for a Bot"
        " API server of your own that serves real people.",
    )


class BotAccess(BaseSettings):
    """How the bot is reached: the same variables the bot itself works with."""

    model_config = SettingsConfigDict(
        env_prefix="TELEGRAM_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    bot_token: SecretStr | None = None
    api_url: HttpUrl | None = None
    proxy: SecretStr | None = None

    @model_validator(mode="after")
    def _carries_payments(self) -> Self:
        if (self.proxy_url or "").startswith("socks4"):
            raise ValueError(
                "TELEGRAM_PROXY must be socks5:// or http://: payments in Stars do not go through socks4"
            )
        return self

    @property
    def bot_id(self) -> str:
        """The number a token begins with."""
        return self._token.partition(":")[0]

    @property
    def methods_url(self) -> str:
        """Where the Bot API's methods are. Secret: it holds the token."""
        return f"{str(self.api_url or OFFICIAL_URL).rstrip('/')}/bot{self._token}"

    @property
    def proxy_url(self) -> str | None:
        return self.proxy.get_secret_value() if self.proxy else None

    @property
    def _token(self) -> str:
        return self.bot_token.get_secret_value() if self.bot_token else ""
