"""What this shop calls itself, and where people find it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """Names and addresses people see. Empty: not there.

    `bot_url` opens the bot ("https://t.me/name"); `public_url` is where links point, without a slash at the end.
    """

    name: str
    bot_url: str
    public_url: str = ""
    seller: str = ""  # who sells, with tax number
    support: str = ""  # "@name", an e-mail or a link
    support_url: str = ""
    offer_url: str = ""  # the full texts people accept; empty: the bot's own short ones
    privacy_url: str = ""
    time_zone: str = "Europe/Moscow"
