"""What the checks of the architecture look at: our own files, parsed once, and our own classes, all imported."""

import ast
import importlib
import pkgutil
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = ("backend", "bot", "cli", "sandbox")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file of ours."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What this node stands in, innermost first."""
        while parent := self._parents.get(node):
            yield parent
            node = parent

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    def at(self, node: ast.AST, why: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {why}"


@cache
def source(path: str) -> Source:
    return Source(path, (ROOT / path).read_text())


def sources(*folders: str) -> Iterator[Source]:
    for folder in folders:
        yield from (source(file.relative_to(ROOT).as_posix()) for file in sorted((ROOT / folder).rglob("*.py")))


@cache
def modules(package: str) -> tuple[types.ModuleType, ...]:
    """Every module of a package, imported, so that registries and subclasses are complete."""
    root = importlib.import_module(package)
    names = (module.name for module in pkgutil.walk_packages(root.__path__, f"{package}."))
    return (root, *(importlib.import_module(name) for name in names))


def ours(base: type) -> list[type]:
    """The classes below `base` that the product defines, not those of tests."""
    found = (child for child in _below(base) if child.__module__.split(".")[0] in PRODUCT)
    return sorted(found, key=lambda child: f"{child.__module__}.{child.__qualname__}")


def _below(base: type) -> set[type]:
    children: set[type] = set(base.__subclasses__())
    return children.union(*(_below(child) for child in children))


def report(broken: list[str], rule: str) -> None:
    """Fail with the rule and, a line each, with what breaks it."""
    assert not broken, "\n".join([rule, *broken])
