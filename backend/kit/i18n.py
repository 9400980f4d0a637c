"""Texts people read, in their language: Fluent files in backend/locales/<language>/."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import fluent_number

LOCALES = Path(__file__).parent.parent / "locales"
DEFAULT_LANGUAGE = "ru"
NBSP = "\u00a0"

_ZONE_NAMES = {
    "ru": {"Europe/Moscow": "МСК", "UTC": "UTC"},
    "en": {"Europe/Moscow": "MSK", "UTC": "UTC"},
}


@cache
def languages() -> tuple[str, ...]:
    """Every language there is a folder for, the default first."""
    found = sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir())
    return (DEFAULT_LANGUAGE, *(name for name in found if name != DEFAULT_LANGUAGE))


def choose_language(wanted: str | None) -> str:
    """The language to speak with somebody whose program asks for `wanted` ("ru", "en-GB", None)."""
    code = (wanted or "").split("-")[0].lower()
    if code in languages():
        return code
    return DEFAULT_LANGUAGE if code in ("", "be", "kk", "uk", "uz", "ky", "tg", "hy", "az") else "en"


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False, functions={"NUM": fluent_number})
    for file in sorted((LOCALES / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


class Translate:
    """`t("plans", count=3)` in one language; dates in one time zone."""

    def __init__(self, language: str, zone: ZoneInfo | None = None) -> None:
        self.language = language
        self.zone = zone or ZoneInfo("Europe/Moscow")

    def __call__(self, message_id: str, **values: object) -> str:
        """The text of this id.

        Raises:
            KeyError: no such text, or a value it names is missing: a bug of ours.
        """
        bundle = _bundle(self.language)
        if not bundle.has_message(message_id):
            raise KeyError(f"no text {message_id!r} in {self.language}")
        pattern = bundle.get_message(message_id).value
        if pattern is None:
            raise KeyError(f"text {message_id!r} in {self.language} has no value")
        result, errors = bundle.format_pattern(pattern, {k: _plain(v) for k, v in values.items()})
        if errors:
            raise KeyError(f"text {message_id!r} in {self.language}: {errors}")
        return str(result)

    def has(self, message_id: str) -> bool:
        return bool(_bundle(self.language).has_message(message_id))

    def moment(self, at: datetime, now: datetime) -> str:
        """A time as people read it: "5 января, 14:00 МСК"; with the year when it is not this one.

        No line ends between day and month, or between time and zone.
        """
        local, today = at.astimezone(self.zone), now.astimezone(self.zone)
        year = "" if local.year == today.year else " y" if self.language == "ru" else ", y"
        day = f"d{NBSP}MMMM" if self.language == "ru" else f"MMMM{NBSP}d"
        shown = format_datetime(local, f"{day}{year}, HH:mm", locale=self.language)
        return f"{shown}{NBSP}{self.zone_name(at)}"

    def day(self, at: datetime, now: datetime) -> str:
        """A day as people read it, without the hour: "5 января"."""
        return self.moment(at, now).rsplit(", ", 1)[0]

    def zone_name(self, at: datetime) -> str:
        name = _ZONE_NAMES.get(self.language, {}).get(self.zone.key)
        return name or at.astimezone(self.zone).strftime("%Z")


def _plain(value: object) -> Any:
    return value if isinstance(value, int | float | str) else str(value)


@cache
def translator(language: str, zone: str = "Europe/Moscow") -> Translate:
    """The one translator of a language and zone."""
    return Translate(language, ZoneInfo(zone))


Texts = Callable[..., str]
Values = Mapping[str, object]
