"""The variables an operator can set, and those that are nearly one of them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from backend.payments.providers import PROVIDERS
from backend.receipts.registrars import REGISTRARS
from backend.settings import Settings
from backend.vpn.panels.xui.config import Config as XuiConfig

CLOSE = 2  # letters: such a name is taken for a slip


def known_names() -> frozenset[str]:
    """Every variable that anything of ours reads."""
    return frozenset(name for name, _ in _variables())


def secret_names() -> frozenset[str]:
    """Those whose values nobody may read on a screen."""
    return frozenset(
        name for name, info in _variables() if SecretStr in (info.annotation, *get_args(info.annotation))
    )


def all_configs() -> list[type[BaseSettings]]:
    """Everything that reads the environment."""
    return [
        Settings,
        XuiConfig,
        *(driver.config for driver in PROVIDERS.values()),
        *(driver.config for driver in REGISTRARS.values()),
    ]


def _variables() -> Iterator[tuple[str, FieldInfo]]:
    for config in all_configs():
        prefix = config.model_config.get("env_prefix", "")
        for field, info in config.model_fields.items():
            yield (str(info.validation_alias) if info.validation_alias else f"{prefix}{field}").upper(), info


def slips(env_file: Path) -> dict[str, str]:
    """Names in this file, or in the environment under a prefix of ours, that are nearly one of ours: that one."""
    known = known_names()
    prefixes = {name.split("_")[0] + "_" for name in known if name.startswith(("TELEGRAM_", "X3UI_"))}
    prefixes |= {f"{provider.upper()}_" for provider in (*PROVIDERS, *REGISTRARS)}
    set_here = {name for name in os.environ if name.startswith(tuple(prefixes))}
    unknown = (names_in(env_file) | set_here) - known
    near = {name: nearest(name, known) for name in sorted(unknown)}
    return {name: found for name, found in near.items() if found}


def strangers(env_file: Path) -> list[str]:
    """Names in this file that nothing here reads and that are not nearly one of ours."""
    known = known_names()
    return sorted(name for name in names_in(env_file) - known if not nearest(name, known))


def names_in(env_file: Path) -> set[str]:
    return (
        {name.strip().upper() for name in dotenv_values(env_file, encoding="utf-8-sig")}
        if env_file.is_file()
        else set()
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs from this one by one or two letters."""
    best = min(known, key=lambda other: distance(name, other))
    return best if 0 < distance(name, best) <= CLOSE else None


def distance(one: str, other: str) -> int:
    """How many letters to insert, drop or change to get from one to the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, target in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (letter != target))
    return row[-1]
