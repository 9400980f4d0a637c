"""What people read and press: complete in every language, and within what Telegram takes."""

import ast
import enum
import importlib
import types
import typing
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from backend.kit.errors import ShopError
from backend.notifications.kinds import Kind
from backend.payments.providers import PROVIDERS
from bot.notices import NOTICES, OPERATOR_NOTICES
from tests.house import ROOT, modules, ours, report, sources

LOCALES = ROOT / "backend" / "locales"
CALLBACK_BYTES = 64


class Variables(Visitor):
    """The values that a message asks for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


@cache
def texts(language: str) -> dict[str, set[str]]:
    """Message ids of a language with the variables of each.

    Raises:
        ValueError: a file does not parse, or an id is there twice.
    """
    found: dict[str, set[str]] = {}
    for file in sorted((LOCALES / language).glob("*.ftl")):
        for entry in FluentParser().parse(file.read_text()).body:
            if isinstance(entry, ftl.Junk):
                raise ValueError(f"{file} does not parse: {entry.content!r}")
            if not isinstance(entry, ftl.Message | ftl.Term):
                continue
            name = entry.id.name if isinstance(entry, ftl.Message) else f"-{entry.id.name}"
            if name in found:
                raise ValueError(f"{file}: {name} is there twice")
            variables = Variables()
            variables.visit(entry)
            found[name] = variables.names
    return found


def languages() -> list[str]:
    return sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir())


def without_text(ids: dict[str, str]) -> list[str]:
    """Ids that a language lacks; the values say what they are for."""
    return [
        f"backend/locales/{language}: no {text_id} (for {what})"
        for language in languages()
        for text_id, what in ids.items()
        if text_id not in texts(language)
    ]


def test_every_language_says_the_same_things_with_the_same_values() -> None:
    everything: dict[str, set[str]] = {}
    for language in languages():
        for name, variables in texts(language).items():
            everything.setdefault(name, set()).update(variables)
    lacking = [
        f"backend/locales/{language}: {name} lacks {sorted(everything[name] - variables)}"
        for language in languages()
        for name, variables in texts(language).items()
        if variables != everything[name]
    ]
    assert {"en", "ru"} <= set(languages())
    report(without_text(dict.fromkeys(everything, "another language has it")) + lacking, "Languages say the same.")


def test_every_text_that_code_asks_for_exists() -> None:
    asked = {
        node.args[0].value: source.at(node, "asks")
        for source in sources("backend", "bot")
        for node in source.nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "t" and node.args
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }
    report(without_text(asked), "Write the text, in every language.")


def test_every_error_has_its_sentence() -> None:
    modules("backend")
    errors: list[Any] = [ShopError, *ours(ShopError)]
    report(without_text({error.code: error.__name__ for error in errors}), "A person may meet each of these errors.")


def test_every_provider_has_its_name() -> None:
    ids = {f"provider-{name}": name for name in PROVIDERS}
    report(without_text(ids), "Name the provider as people know it.")


def test_every_notification_becomes_a_message() -> None:
    modules("backend")
    silent = [kind.__name__ for kind in ours(Kind) if kind not in NOTICES | OPERATOR_NOTICES]
    report(silent, "bot/notices/__init__.py lists no view of these kinds.")


def test_buttons_fit_into_what_telegram_gives_back() -> None:
    if not (ROOT / "bot" / "callbacks.py").exists():
        pytest.skip("skipped: there is no bot/callbacks.py")
    modules("bot")  # first, and aiogram with it the way the bot does: alone it takes seconds
    kinds: list[Any] = ours(importlib.import_module("aiogram.filters.callback_data").CallbackData)
    assert kinds
    report(
        [kind.__qualname__ for kind in kinds if kind.__module__ != "bot.callbacks"],
        "What buttons carry stands in bot/callbacks.py, all in one place.",
    )
    prefixes = [kind.__prefix__ for kind in kinds]
    report([name for name in prefixes if prefixes.count(name) > 1], "Two kinds of button share a prefix.")
    report(
        [f"{kind.__name__}: up to {largest(kind)} bytes" for kind in kinds if largest(kind) > CALLBACK_BYTES],
        f"Telegram gives back {CALLBACK_BYTES} bytes: shorten the prefix, bound the str, or carry an id.",
    )


def largest(kind: Any) -> int:
    """Bytes of the longest data this button can carry; a str without `max_length` is taken for endless."""
    parts = [len(kind.__prefix__)]
    for field in kind.model_fields.values():
        bounds = {name: getattr(rule, name, None) for rule in field.metadata for name in ("max_length", "le")}
        parts.append(widest(field.annotation, {name: bound for name, bound in bounds.items() if bound is not None}))
    return sum(parts) + len(parts) - 1


def widest(annotation: Any, bounds: dict[str, int]) -> int:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return max(widest(choice, bounds) for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) is typing.Literal:
        return max(len(str(choice).encode()) for choice in typing.get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return max(len(str(choice.value).encode()) for choice in annotation)
    if annotation is int:
        return len(str(bounds.get("le", 2**63 - 1)))
    return {bool: 1, UUID: 32, types.NoneType: 0}.get(annotation, bounds.get("max_length", CALLBACK_BYTES))
