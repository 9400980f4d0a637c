"""What an operator sets for "Мой налог"."""

from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OFFICIAL_HOST = "lknpd.nalog.ru"


class Config(BaseSettings):
    """Read once from the environment. Without both credentials no income is registered."""

    model_config = SettingsConfigDict(
        env_prefix="MYNALOG_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_url: HttpUrl = Field(HttpUrl(f"https://{OFFICIAL_HOST}/api/v1"), description="Where the API is.")
    inn: str | None = Field(
        None,
        pattern=r"^[0-9]{12}$",
        examples=["770000000000"],
        description="Tax number of the self-employed seller, 12 digits.",
    )
    password: SecretStr | None = Field(None, description="Password of the taxpayer's account at nalog.ru.")
    tell_buyers: bool = Field(True, description="Whether buyers get the link to their receipt in the chat.")
    test: bool = Field(False, description="For the demo and tests: registers play money, and play money alone.")
    proxy: SecretStr | None = Field(
        None,
        examples=["socks5://127.0.0.1:1080"],
        description="Where the service does not answer abroad: socks5://user:password@host:port or http://host:port.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.inn) != bool(self.password):
            missing = "MYNALOG_PASSWORD" if self.inn else "MYNALOG_INN"
            raise ValueError(f"{missing} is missing: MYNALOG_INN and MYNALOG_PASSWORD go together")
        return self

    @model_validator(mode="after")
    def _keep_passwords_at_home(self) -> Self:
        official = self.api_url.scheme == "https" and self.api_url.host == OFFICIAL_HOST
        if self.password and not official and not self.test:
            raise ValueError(
                f"MYNALOG_API_URL: the password is only sent to https://{OFFICIAL_HOST}/api/v1; leave it empty,"
                " or use MYNALOG_PROXY to get there"
            )
        return self
