"""Every registrar there is."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic_settings import BaseSettings

from backend.receipts.registrars import mynalog
from backend.receipts.registrars.base import Registrar


class Driver(NamedTuple):
    """A registrar this program can work with."""

    config: type[BaseSettings]  # what an operator can set
    build: Callable[[], Registrar | None]  # from the environment; None: without credentials it is off


REGISTRARS: dict[str, Driver] = {
    mynalog.MyNalog.id: Driver(mynalog.Config, mynalog.MyNalog.from_environment),
}

Registrars = Mapping[str, Registrar]
"""The configured ones, by id."""
