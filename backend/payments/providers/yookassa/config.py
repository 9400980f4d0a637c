"""What an operator sets for YooKassa."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

OFFICIAL_HOST = "api.yookassa.ru"

# https://yookassa.ru/developers/using-api/webhooks#ip
WEBHOOK_NETS = (
    "185.71.76.0/27",
    "185.71.77.0/27",
    "77.75.153.0/25",
    "77.75.156.11",
    "77.75.156.35",
    "77.75.154.128/25",
    "2a02:5180::/32",
)


def _read_nets(value: object) -> object:
    """Networks as the environment has them: separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_read_nets)]


class Config(BaseSettings):
    """Read once from the environment. Without both credentials YooKassa is off."""

    model_config = SettingsConfigDict(
        env_prefix="YOOKASSA_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    api_url: HttpUrl = Field(HttpUrl(f"https://{OFFICIAL_HOST}/v3"), description="Where the API is.")
    shop_id: str | None = Field(None, description="shopId from the merchant cabinet, such as 100500.")
    secret_key: SecretStr | None = Field(None, description="Secret key of that shop: live_… or test_…")
    expect_test: bool | None = Field(None, description="Whether payments are play money. Empty: as the key says.")
    webhook_nets: Networks = Field(
        tuple(map(ip_network, WEBHOOK_NETS)), description="Addresses webhooks come from, separated by commas."
    )
    vat_code: int | None = Field(
        None, ge=1, le=12, description="VAT code of receipts (1: no VAT). Empty: YooKassa registers no receipts."
    )
    tax_system_code: int | None = Field(
        None, ge=1, le=6, description="Tax system of receipts, for cash registers that require it."
    )
    receipt_payment_mode: Literal["full_payment", "full_prepayment"] = Field(
        "full_payment",
        validation_alias="RECEIPT_PAYMENT_MODE",
        description="Which settlement a receipt records; the accountant decides.",
    )

    @property
    def configured(self) -> bool:
        return bool(self.shop_id and self.secret_key)

    @property
    def test(self) -> bool:
        """Whether money is play money."""
        return self._key.startswith("test_") if self.expect_test is None else self.expect_test

    @property
    def _key(self) -> str:
        return self.secret_key.get_secret_value() if self.secret_key else ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.shop_id) != bool(self.secret_key):
            missing = "YOOKASSA_SECRET_KEY" if self.shop_id else "YOOKASSA_SHOP_ID"
            raise ValueError(f"{missing} is missing: YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY go together")
        return self

    @model_validator(mode="after")
    def _keep_live_credentials_at_home(self) -> Self:
        official = self.api_url.scheme == "https" and self.api_url.host == OFFICIAL_HOST
        if self._key.startswith("live_") and not official:
            raise ValueError(
                f"YOOKASSA_API_URL: a live YOOKASSA_SECRET_KEY is only sent to https://{OFFICIAL_HOST}/v3;"
                " leave YOOKASSA_API_URL empty, or use a test_… key"
            )
        return self
