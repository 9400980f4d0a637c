"""Import libraries full of pydantic models without building all of those at once.

At import aiogram builds a validator for every type of the Bot API, and FastAPI one for every part of OpenAPI:
seconds of processor time and 100 MB, of which a shop uses a tenth. pydantic can build each when it is first used;
all it needs is the namespace in which the library would have built them. With other versions than those this was
tried with, a library is imported as it is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

TRIED_WITH = {"aiogram": "3.31.", "fastapi": "0.165.", "pydantic": "2.13."}


def import_lean(name: str) -> bool:
    """Import a module lazily where that is known to work. False: it was, or had been, imported in full."""
    library = name.partition(".")[0]
    known = all(version(each).startswith(TRIED_WITH[each]) for each in (library, "pydantic"))
    if not known or name in sys.modules:
        import_module(name)
        return False
    with _postponed(library):
        import_module(name)
    return True


@contextmanager
def _postponed(library: str) -> Iterator[None]:
    """Models of this library that are made meanwhile are built at their first use."""
    build = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]
    namespace: dict[str, Any] = {}
    importing = True

    def model_rebuild(
        cls: type[BaseModel],
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: dict[str, Any] | None = None,
    ) -> bool | None:
        if cls.__module__.startswith(f"{library}."):
            if importing and raise_errors:  # the library's own call: keep what it knows; a first use raises nothing
                namespace.update(_types_namespace or {})
                return None
            _types_namespace = namespace or None
        built: bool | None = build(
            cls,
            force=force,
            raise_errors=raise_errors,
            _parent_namespace_depth=_parent_namespace_depth + 1,
            _types_namespace=_types_namespace,
        )
        return built

    BaseModel.model_rebuild = classmethod(model_rebuild)  # type: ignore[assignment,method-assign]
    BaseModel.model_config["defer_build"] = True  # a model takes over the settings of those it is made from
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]
        importing = False
