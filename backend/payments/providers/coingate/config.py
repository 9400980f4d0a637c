"""What an operator sets for CoinGate."""

from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OFFICIAL_HOST = "api.coingate.com"
OFFICIAL_HOSTS = (OFFICIAL_HOST, "api-sandbox.coingate.com")


class Config(BaseSettings):
    """Read once from the environment. Without a key CoinGate is off."""

    model_config = SettingsConfigDict(
        env_prefix="COINGATE_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_url: HttpUrl = Field(
        HttpUrl(f"https://{OFFICIAL_HOST}/v2"),
        description=f"Where the API is. Play money: https://{OFFICIAL_HOSTS[1]}/v2, with a token of that side.",
    )
    api_key: SecretStr | None = Field(None, description="Auth token of the API app, from CoinGate's cabinet.")
    app_label: str = Field(
        "app",
        pattern=r"^[0-9A-Za-z_-]+$",
        max_length=40,
        description="Your name for that API app, signed into every order: choose it once, payments opened under"
        " another name go to review.",
    )
    mode: Literal["hosted", "checkout", "auto"] = Field(
        "hosted",
        description="Where the coin is chosen. hosted: on CoinGate's page. checkout: by the button, which CoinGate's"
        " support must have switched on. auto: by the button where that works.",
    )
    receive_currency: str = Field(
        "DO_NOT_CONVERT",
        pattern=r"^[A-Z0-9_]{3,20}$",
        description="What CoinGate settles in, such as EUR; DO_NOT_CONVERT keeps the coin.",
    )

    @property
    def configured(self) -> bool:
        return self.api_key is not None

    @property
    def key(self) -> str:
        return self.api_key.get_secret_value() if self.api_key else ""

    @property
    def test(self) -> bool:
        """Whether money is play money: real money moves at one address only."""
        return self.api_url.host != OFFICIAL_HOST

    @field_validator("api_key")
    @classmethod
    def _read_key(cls, key: SecretStr | None) -> SecretStr | None:
        plain = key.get_secret_value().strip() if key else ""
        if not plain.isascii() or not plain.isprintable() or " " in plain:
            raise ValueError("copy the token from CoinGate again: it has a blank or a letter no token has")
        return SecretStr(plain) if plain else None

    @model_validator(mode="after")
    def _keep_the_key_from_being_read_on_the_way(self) -> Self:
        if self.api_url.host in OFFICIAL_HOSTS and self.api_url.scheme != "https":
            raise ValueError(f"COINGATE_API_URL: {self.api_url.host} is spoken to by https only")
        return self
