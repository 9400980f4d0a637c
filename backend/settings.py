"""Everything an operator can change, read once; a driver's own settings stand beside the driver."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.kit.db import plain_dsn


def _read_nets(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, separated by commas") from None


def _read_zone(value: object) -> object:
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone") from None


def _read_ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not all(TELEGRAM_ID.fullmatch(part) for part in parts):
        raise ValueError("takes Telegram ids, numbers separated by commas, for example 279058397,1234567; no @names")
    return tuple(dict.fromkeys(int(part) for part in parts))


TELEGRAM_ID = re.compile(r"[1-9][0-9]{0,15}")  # of a person: groups and channels have negative ones
LOOPBACK = (ip_network("127.0.0.1"), ip_network("::1"))
HOOK_PORTS = (443, 80, 88, 8443)  # https://core.telegram.org/bots/api#setwebhook
BOT_TOKEN = re.compile(r"[0-9]{1,16}:[A-Za-z0-9_-]+")

Ids = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_read_ids)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_nets)]
Zone = Annotated[ZoneInfo, BeforeValidator(_read_zone)]


class Settings(BaseSettings):
    """Read once from the environment and .env by cli/wiring.py, then passed down; nothing else reads it."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    telegram_bot_token: SecretStr = Field(
        examples=["123456:AAE…"], description="From @BotFather, for example 123456:AAE…"
    )
    telegram_api_url: HttpUrl | None = Field(
        None, examples=["http://127.0.0.1:8081"], description="A Bot API server of your own. Empty: Telegram's."
    )
    telegram_link_url: str = Field("https://t.me", description="Where links to the bot lead.")
    telegram_bot_username: str = Field("", description="Empty: asked from Telegram.")
    telegram_proxy: SecretStr | None = Field(
        None,
        examples=["socks5://127.0.0.1:1080"],
        description="Where Telegram is blocked: socks5://user:password@host:port or http://host:port.",
    )
    admin_ids: Ids = Field(
        (), description="Telegram ids of the operators, separated by commas. Empty: nobody hears of trouble."
    )
    operator_sales: bool = Field(True, description="false: the operators do not hear of every sale.")
    secret_key: SecretStr = Field(
        min_length=16,
        examples=["(what this prints: openssl rand -hex 32)"],
        description="Random characters, better 32 of them than 16; every other key of ours is derived from it.",
    )
    secret_key_old: SecretStr | None = Field(None, description="The former SECRET_KEY, after a change of it.")
    public_url: HttpUrl | None = Field(
        None,
        examples=["https://vpn.example.com"],
        description="Where webhooks and links point, for example https://vpn.example.com. Empty: polling only.",
    )
    telegram_mode: Literal["polling", "webhook"] = Field(
        "polling",
        description="How the bot hears people. webhook: Telegram comes to `serve` at PUBLIC_URL, by https.",
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://… Empty: PostgreSQL is started here, in DATA_DIR."
    )
    data_dir: Path = Field(Path(".data"), description="Where this program keeps files of its own.")
    trusted_proxies: Networks = Field(
        (),
        examples=["10.0.0.1,172.16.0.0/12"],
        description="Addresses of your reverse proxies, separated by commas: their X-Forwarded-For counts."
        " Empty: 127.0.0.1 and ::1 where HOST is one of them, else none.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=1, le=65535, examples=["8080"], description="Port to listen on.")
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        examples=["9100"],
        description="Port at HOST where `bot` or `worker` shows its /metrics, another one for each on one machine."
        " Empty: nowhere. `serve` and `up` have theirs at PORT.",
    )
    timezone: Zone = Field(
        ZoneInfo("Europe/Moscow"), examples=["Europe/Moscow"], description="For dates people read."
    )
    shop_name: str = Field(
        "VPN", max_length=25, examples=["Тихий VPN"], description="What people see as the name of the shop."
    )
    seller: str = Field("", description="Who sells: name, tax number, contacts. Stands in the terms.")
    support: str = Field("", description="Where people get help: @name, an e-mail address or an https:// link.")
    texts_dir: Path | None = Field(
        None,
        examples=["/etc/vpn-service/texts"],
        description="Your offer, privacy policy, refund policy and autopay terms, as files. Empty: DATA_DIR/texts;"
        " for what is not there, a draft that comes with the shop.",
    )
    offer_url: HttpUrl | None = Field(
        None,
        examples=["https://vpn.example.com/offer"],
        description="Your offer, if it stands somewhere else. Empty: the text in TEXTS_DIR.",
    )
    privacy_url: HttpUrl | None = Field(
        None,
        examples=["https://vpn.example.com/privacy"],
        description="Your privacy policy, if it stands somewhere else. Empty: the text in TEXTS_DIR.",
    )
    log_format: Literal["console", "json"] = Field("json", examples=["json"], description="json in production.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", examples=["INFO"], description="How much to log."
    )
    clock_file: Path | None = Field(None, description="For the demo and tests: the file with the moved clock.")

    @field_validator("telegram_bot_token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        if not BOT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must be the whole token as @BotFather shows it, for example 123456:AAE…")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                conninfo_to_dict(plain_dsn(value.get_secret_value()))
            except (ValueError, ProgrammingError):
                raise ValueError(
                    "must be a PostgreSQL address, for example postgresql://user:password@host/shop,"
                    " with signs like @ and / in the password written as %40 and %2F"
                ) from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_bare(cls, value: HttpUrl | None) -> HttpUrl | None:
        if value is not None and (value.path not in (None, "/") or value.query or value.fragment or value.username):
            raise ValueError("takes a host of its own with nothing behind it: pages and links begin at its root")
        return value

    @field_validator("telegram_mode")
    @classmethod
    def _has_address(cls, value: str, info: ValidationInfo) -> str:
        if value != "webhook" or "public_url" not in info.data:  # else that is wrong, and said
            return value
        address: HttpUrl | None = info.data["public_url"]
        if address is None:
            raise ValueError("webhook needs PUBLIC_URL: that is where Telegram comes to")
        reached = address.scheme == "https" and address.port in HOOK_PORTS
        if not reached and info.data.get("telegram_api_url") is None:
            raise ValueError(
                "webhook needs a PUBLIC_URL that begins with https:// and has no port, or 443, 80, 88 or 8443:"
                " Telegram comes to no other"
            )
        return value

    @field_validator("telegram_proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("socks5://", "http://")):
            raise ValueError("must begin with socks5:// or http://")
        return value

    @property
    def proxies(self) -> Sequence[IPv4Network | IPv6Network]:
        """Whose X-Forwarded-For counts. Where only this machine reaches us, its proxy is on it."""
        return self.trusted_proxies or (LOOPBACK if self.listens_here_only else ())

    @property
    def listens_here_only(self) -> bool:
        """Whether nobody but this machine reaches the web process."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def public_base(self) -> str:
        """PUBLIC_URL without the slash at its end; empty when there is none."""
        return str(self.public_url).rstrip("/") if self.public_url else ""

    @property
    def support_url(self) -> str:
        if self.support.startswith(("https://", "http://")):
            return self.support
        if self.support.startswith("@"):
            return f"{self.telegram_link_url}/{self.support[1:]}"
        return f"mailto:{self.support}" if "@" in self.support else ""
