"""The composition root: the only code that sees everything."""

import gc
import sys
from importlib import import_module

gc.set_threshold(50_000, 20, 50)  # first: importing makes much and drops little

import bot as bot  # noqa: E402 - before others: it decides how aiogram is imported
from bot.lean import import_lean  # noqa: E402


def _import_structlog() -> None:
    """Without rich, of which it would make tracebacks that we do not print: it brings all of Pygments along."""
    if not {"rich", "structlog"} & sys.modules.keys():
        sys.modules["rich"] = None  # type: ignore[assignment]
        import_module("structlog")
        del sys.modules["rich"]


import_lean("fastapi.openapi.models")
_import_structlog()
