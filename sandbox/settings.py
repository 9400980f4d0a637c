"""Settings that the control API may change: a frozen dataclass, and what replaces some of its fields."""

from collections.abc import Mapping
from dataclasses import fields, replace
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

Settings = TypeVar("Settings")


def changed(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """These settings with some of them replaced. Text that may be None is an http(s) address.

    Raises:
        ValueError: no such setting, or a value of a wrong type.
    """
    kinds = {f.name: f.type for f in fields(settings)}  # type: ignore[arg-type]
    for name, value in wanted.items():
        if name not in kinds:
            raise ValueError(f"there is no {name!r}, only: {', '.join(kinds)}")
        if not _fits(kinds[name], value):
            raise ValueError(f"{name} cannot be {value!r}")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in wanted.items()}
    return replace(settings, **values)  # type: ignore[type-var]


def _fits(kind: Any, value: object) -> bool:
    if kind == (str | None):
        return value is None or (isinstance(value, str) and value.startswith(("http://", "https://")))
    if isinstance(kind, UnionType):
        return any(_fits(one, value) for one in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind is str:
        return isinstance(value, str) and bool(value)
    return isinstance(value, kind)
