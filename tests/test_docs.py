"""What is written for people names only what there is: paths, functions, commands, events, addresses, links."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer

from backend.api.resources import PREFIX
from backend.api.routers import ROUTERS
from backend.consents.endpoints import router as consents
from backend.health import router as health
from backend.links.endpoints import router as links
from backend.orders.endpoints import router as orders
from bot.introduction import COMMANDS
from cli.main import app
from sandbox.companies import open_companies
from scripts.make_docs import behind, sections
from tests.house import PRODUCT, ROOT, report, sources

FOLDERS = (*PRODUCT, "tests", "scripts", "docs", "alembic", ".ci")
TEXT = {".py", ".html", ".js", ".ftl", ".toml", ".json", ".css", ".mako"}
DEMO = {"/", "/chat", "/chat/{bot}", "/docs", "/openapi.json"}  # served by cli/demo.py and by FastAPI itself
TROUBLE = {"warning", "error", "exception"}

FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

PATH = re.compile(rf"({'|'.join(map(re.escape, FOLDERS))})/[^\s()]*")
WORD = re.compile(r"[A-Za-z_][\w-]*\w")
DOTTED = re.compile(r"[A-Za-z]\w*(\.\w+)+")
FILE = re.compile(r".*\.(py|md|html|json|ftl|toml|txt)")
ADDRESS = re.compile(r"/(?!sandbox)\S*")
COMMAND = re.compile(r"^(?:make|\S+ -m cli\.main) ([^\n#]+)", re.MULTILINE)
IN_A_DIAGRAM = re.compile(r"([\w/.]+\.py) +(\w+(?:, \w+)*)")
CONTROL = re.compile(r"(GET|POST|PUT|DELETE) (/sandbox/[^\s`?]*)")
EVENT = re.compile(r"\blog\.(debug|info|warning|error|exception)\(\s*\"([a-z_.]+)\"")


@dataclass(frozen=True)
class Page:
    """One document. `code` is what stands in backticks, `fences` the blocks."""

    path: str
    text: str

    @cached_property
    def fences(self) -> list[str]:
        return FENCE.findall(self.text)

    @cached_property
    def prose(self) -> str:
        return FENCE.sub("", self.text)

    @cached_property
    def code(self) -> list[str]:
        return CODE.findall(self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """Of its headings, as GitHub makes them."""
        titles = HEADING.findall(self.prose)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def pages() -> dict[str, Page]:
    """Everything but the decisions: those say what was known at the time."""
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    paths = [file.relative_to(ROOT).as_posix() for file in sorted(files) if file.parent.name != "decisions"]
    return {path: Page(path, (ROOT / path).read_text()) for path in paths}


def written(kind: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """What stands in backticks and has this form, with the page it stands on."""
    return ((page.path, token) for page in pages().values() for token in page.code if kind.fullmatch(token))


def shown() -> Iterator[tuple[str, str]]:
    """Everything that is set as code, blocks included."""
    return ((page.path, code) for page in pages().values() for code in (*page.code, *page.fences))


@cache
def events() -> dict[str, set[str]]:
    """Every event of the log with the levels it is written at."""
    found: dict[str, set[str]] = {}
    for source in sources("backend", "bot", "cli"):
        for level, event in EVENT.findall(source.text):
            found.setdefault(event, set()).add(level)
    return found


@cache
def vocabulary() -> frozenset[str]:
    """Every word of the code, of its texts, of the tools' files, and the names of all settings."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in TEXT]
    files += [ROOT / name for name in ("Makefile", "pyproject.toml", ".ci/run", "scripts/bootstrap")]
    words = {word for file in files for word in WORD.findall(file.read_text())}
    return frozenset(words | {setting.name for section in sections() for setting in section.settings})


@cache
def defined_in(path: str) -> frozenset[str]:
    """Functions, classes, methods and variables of one module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return frozenset(names)


def exists(path: str) -> bool:
    """Whether there is such a file; for a pattern, one that fits; before a part in <>, its folder."""
    if "*" in path:
        return any(ROOT.glob(path))
    if "<" in path:
        return (ROOT / path.partition("<")[0]).is_dir()
    return (ROOT / path).exists()


def is_known(dotted: str) -> bool:
    """An event of the log, something that can be imported, or a name in a module, slice or class of ours."""
    first, last = dotted.partition(".")[0], dotted.rpartition(".")[2]
    owner = dotted.split(".")[-2]
    if dotted in events() or (first in PRODUCT and importable(dotted)):
        return True
    return any(
        last in defined_in(source.path)
        for source in sources(*PRODUCT)
        if owner in (Path(source.path).stem, Path(source.path).parent.name) or owner in defined_in(source.path)
    )


def importable(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), name) or bool(importlib.import_module(dotted))
    except ModuleNotFoundError:
        return False


def test_there_is_something_to_read() -> None:
    howtos = [path for path in pages() if path.startswith("docs/howto/")]

    assert {"README.md", "README.ru.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/journey.md"} <= pages().keys()
    assert howtos


def test_what_is_said_about_settings_is_what_they_are() -> None:
    report(behind(), "The settings were changed: run `make docs`.")


def test_links_lead_somewhere() -> None:
    pictures_made = (ROOT / "docs" / "images").exists()  # by a script, all at once
    dead = [
        f"{page.path}: {target}"
        for page in pages().values()
        for picture, target in LINK.findall(page.prose)
        if "://" not in target and (pictures_made or not picture) and not leads_somewhere(page, target)
    ]
    report(dead, "These links of ours lead nowhere.")


def leads_somewhere(page: Page, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (ROOT / page.path).parent.joinpath(name).resolve() if name else ROOT / page.path
    there = pages().get(file.relative_to(ROOT).as_posix())
    return file.exists() and (not anchor or there is None or anchor in there.anchors)


def test_paths_exist() -> None:
    lost = [f"{page}: {path}" for page, path in written(PATH) if not exists(path)]
    report(lost, "These paths do not exist. A part that the reader chooses is written in <>.")


def test_diagrams_name_what_is_in_those_files() -> None:
    lines = [
        (page, path, name)
        for page, code in shown()
        for path, names in IN_A_DIAGRAM.findall(code)
        if path.startswith(PRODUCT)
        for name in names.split(", ")
    ]
    wrong = [f"{page}: {path} has no {name}" for page, path, name in lines if not has(path, name)]

    assert lines
    report(wrong, "A line of a diagram is a path, then the names in it that matter.")


def has(path: str, name: str) -> bool:
    return (ROOT / path).exists() and name in defined_in(path)


def test_dotted_names_are_of_the_code_or_the_log() -> None:
    wrong = [
        f"{page}: {dotted}" for page, dotted in written(DOTTED) if not FILE.fullmatch(dotted) and not is_known(dotted)
    ]
    report(wrong, "Neither a name in a module or class of ours nor an event of the log.")


def test_single_words_are_of_the_code() -> None:
    unknown = [f"{page}: {word}" for page, word in written(WORD) if word not in vocabulary()]
    report(unknown, "Backticks are for names of the code, and the code has no such name.")


def test_commands_exist() -> None:
    commands = [(page, found.group(), found.group(1)) for page, code in shown() for found in COMMAND.finditer(code)]
    missing = [
        f"{page}: {command}"
        for page, command, words in commands
        if not (is_target(words) if command.startswith("make") else is_command(words))
    ]

    assert commands
    report(missing, "There is no such command.")


def is_target(words: str) -> bool:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {word for word in words.split() if "=" not in word} <= set(targets)


def is_command(words: str) -> bool:
    known: Any = typer.main.get_command(app)
    for word in words.split():
        known = known.get_command(None, word)
        if not known or not hasattr(known, "commands"):
            return known is not None or word.startswith("<")
    return True


def test_every_trouble_in_the_log_is_explained() -> None:
    explained = pages()["docs/operations.md"].code
    untold = [event for event, levels in sorted(events().items()) if levels & TROUBLE and event not in explained]

    assert events()
    report(untold, "Say in docs/operations.md what these events mean and what to do about them.")


def test_addresses_are_served() -> None:
    served = {
        getattr(route, "path", "")
        for router in (health, orders, links, consents, *ROUTERS)
        for route in router.routes
    }
    known = served | {PREFIX} | DEMO | {f"/{command}" for command in COMMANDS}
    unknown = [f"{page}: {address}" for page, address in written(ADDRESS) if address.partition("?")[0] not in known]
    report(unknown, "Neither an address of the shop nor a command of the bot.")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_controls_of_the_sandbox_are_there(method: str) -> None:
    paths = sorted({path for _, code in shown() for verb, path in CONTROL.findall(code) if verb == method})
    companies = open_companies(public_url="http://127.0.0.1", clock_file=None, data_dir=None)
    world = httpx2.ASGITransport(app=companies.app(), raise_app_exceptions=False)

    async with httpx2.AsyncClient(transport=world, base_url="http://127.0.0.1") as http:
        answers = {
            path: await http.request(method, re.sub(r"\{\w+\}", "1", path), params={"seconds": "0.01"}, json={})
            for path in paths
        }
    lost = [path for path, answer in answers.items() if answer.status_code == 405 or answer.text == "Not Found"]

    assert paths
    report(lost, f"The sandbox takes no {method} there.")
