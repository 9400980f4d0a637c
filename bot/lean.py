"""Import aiogram without building all of its types at once.

At import aiogram builds a validator for every type of the Bot API: seconds of processor time and 100 MB, of which a
bot uses a tenth. pydantic can build each when it is first used; all it needs is the namespace in which aiogram would
have built them. With other versions than those this was tried with, aiogram is imported as it is.
"""

import importlib
import sys
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

TRIED_WITH = {"aiogram": "3.31.", "pydantic": "2.13."}


def import_aiogram() -> bool:
    """Import it lazily where that is known to work. False: it was, or had been, imported in full."""
    known = all(version(name).startswith(prefix) for name, prefix in TRIED_WITH.items())
    lazy = known and "aiogram" not in sys.modules
    if lazy:
        _postpone_building()
    importlib.import_module("aiogram")
    return lazy


def _postpone_building() -> None:
    build = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]
    namespace: dict[str, Any] = {}

    def model_rebuild(
        cls: type[BaseModel],
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: dict[str, Any] | None = None,
    ) -> bool | None:
        if cls.__module__.startswith("aiogram."):
            if _types_namespace is not None:  # aiogram's own call at import: keep what it knows, build later
                namespace.update(_types_namespace)
                return None
            _types_namespace = namespace
        built: bool | None = build(
            cls,
            force=force,
            raise_errors=raise_errors,
            _parent_namespace_depth=_parent_namespace_depth + 1,
            _types_namespace=_types_namespace,
        )
        return built

    BaseModel.model_rebuild = classmethod(model_rebuild)  # type: ignore[assignment,method-assign]
