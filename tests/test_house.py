"""The architecture, where imports cannot express it. Each message says what to do instead.

What may import what stands in pyproject.toml and is checked by import-linter; what people read, in test_texts.py.
"""

import ast
import dataclasses
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from backend.kit.jobs import RUNNERS, Job
from backend.tables import METADATA
from tests.house import PRODUCT, ROOT, Function, Source, modules, ours, report, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_POSITIONAL = 5

# The edges where a failure of any kind must become an answer: the API, the bot, the job runner.
CATCH_ALL = {("backend/app.py", "answer_crash"), ("bot/app.py", "answer_crash"), ("backend/kit/jobs.py", "run_job")}

COMMITS = {"backend/kit/db.py"}

READS_CLOCK = {
    "backend/kit/clock.py",
    "sandbox/clock.py",
    "backend/kit/tokens.py",  # only to lay rows of one time together
}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
SQL_CLOCKS = re.compile(r"\bnow\(\)|\bcurrent_timestamp\b|\b\w+_timestamp\(\)", re.IGNORECASE)

SHELVES = ("backend/payments/providers", "backend/vpn/panels")

UNFIT_TO_COMMIT = re.compile(
    r"(?<![\w/}>.-])/work/|\.\./shared|/root/|/home/\w|uv\.lock|pypi\.org/simple|pythonhosted\.org|--(extra-)?index-url"
)


# --- how code is written


def test_files_and_functions_are_short_enough_to_be_read_at_once() -> None:
    everything = list(sources(*PRODUCT, "tests", "scripts"))
    lengths = [(source.path, source.text.count("\n"), MAX_FILE_LINES) for source in everything] + [
        (source.at(function, function.name), (function.end_lineno or 0) - function.lineno + 1, MAX_FUNCTION_LINES)
        for source in everything
        for function in source.functions
    ]
    long = [f"{where}: {lines} lines" for where, lines, most in lengths if lines > most]
    report(long, f"At most {MAX_FILE_LINES} lines a file and {MAX_FUNCTION_LINES} a function: cut where a name fits.")


def test_more_than_five_parameters_are_given_by_name() -> None:
    many = [
        source.at(function, function.name)
        for source in sources(*PRODUCT)
        for function in source.functions
        if len([arg for arg in function.args.posonlyargs + function.args.args if arg.arg not in ("self", "cls")])
        > MAX_POSITIONAL
    ]
    report(many, f"At most {MAX_POSITIONAL} positional parameters; put the others behind `*`.")


def test_imports_stand_at_the_top() -> None:
    hidden = [
        source.at(node, "an import inside a function")
        for source in sources(*PRODUCT, "tests", "scripts")
        for node in source.nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(isinstance(outer, Function) for outer in source.around(node))
    ]
    guarded = [
        source.at(node, "TYPE_CHECKING")
        for source in sources(*PRODUCT)
        for node in source.nodes
        if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"
    ]
    report(hidden + guarded, "Imports only point down, so there is no cycle to hide: import at the top of the file.")


def test_everything_is_caught_only_at_three_edges() -> None:
    everywhere = [
        source.at(node, "catches everything")
        for source in sources(*PRODUCT)
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or re.search(r"\b(Base)?Exception\b", ast.unparse(node.type)))
        and not any((source.path, getattr(outer, "name", "")) in CATCH_ALL for outer in source.around(node))
    ]
    assert len(CATCH_ALL) == 3, "The API, the bot, the job runner: there is no fourth edge."
    report(everywhere, "Catch the errors you can answer, by name; a bug must reach one of the edges in CATCH_ALL.")


def test_only_the_database_kit_commits() -> None:
    commits = [
        source.at(node, "commits")
        for source in sources("backend", "bot", "cli")
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
        if source.path not in COMMITS
    ]
    report(commits, "Leave `async with db.transaction()` to commit: a service joins its caller's transaction.")


def test_only_the_clock_reads_the_clock() -> None:
    readers = [
        source.at(node, said)
        for source in sources("backend", "bot", "sandbox")
        if source.path not in READS_CLOCK
        for node in source.nodes
        if (said := clock_read_by(node))
    ]
    report(readers, "Take `now` as an argument; edges ask clock.now(), SQL gets it as :now. So a test can move time.")


def clock_read_by(node: ast.AST) -> str | None:
    if isinstance(node, ast.ImportFrom) and node.module == "time":
        return next((f"from time import {name.name}" for name in node.names if name.name.startswith("time")), None)
    if not isinstance(node, ast.Call):
        return None
    called = ast.unparse(node.func)
    if ".".join(called.split(".")[-2:]) in CLOCKS:
        return called
    if called.startswith("func.") and SQL_CLOCKS.search(f"{called.removeprefix('func.')}()"):
        return called
    if called.split(".")[-1] == "text" and node.args and (found := SQL_CLOCKS.search(ast.unparse(node.args[0]))):
        return found.group()
    return None


def test_nobody_names_a_provider_or_panel_but_its_driver_and_registry() -> None:
    files = [file.stem for shelf in SHELVES for file in (ROOT / shelf).iterdir()]
    names = sorted(name for name in files if not name.startswith("__") and name != "base")
    assert names, "the shelves of drivers are empty"
    words = re.compile("|".join([*names, "3x-?ui"]), re.IGNORECASE)
    named = [
        source.at(node, said)
        for source in sources("backend", "bot")
        if not source.path.startswith(SHELVES) or source.path.endswith("/base.py")
        for node in source.nodes
        if words.search(said := said_in(node, source))
    ]
    report(named, "No generic code may ask which provider or panel it has; if it must, the protocol lacks a method.")


def said_in(node: ast.AST, source: Source) -> str:
    """The names and strings of one node, without docstrings: those may give examples."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
            return name
        case ast.ImportFrom(module=str(name)) | ast.ClassDef(name=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Constant(value=str(text)) if not isinstance(next(source.around(node)), ast.Expr):
            return text
    return ""


def test_what_is_committed_speaks_of_the_product_alone() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("skipped: this is not a checkout, so nothing says what is committed")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and ROOT / name != Path(__file__)]
    unfit = [
        f"{file.relative_to(ROOT)}:{number}: {found.group()}"
        for file in files
        if file.is_file() and b"\0" not in (raw := file.read_bytes())
        for number, line in enumerate(raw.decode(errors="replace").splitlines(), 1)
        if (found := UNFIT_TO_COMMIT.search(line))
    ]
    report(unfit, "No path of one machine, nothing outside the repository, no registry's address.")


# --- what is stored


def test_columns_hold_exact_numbers_and_times_with_a_zone() -> None:
    inexact = [
        f"{column}: {column.type!r}"
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.Float) or (isinstance(column.type, sa.DateTime) and not column.type.timezone)
    ]
    assert METADATA.tables
    report(inexact, "Money and traffic are integers; times are DateTime(timezone=True).")


def test_the_metadata_knows_every_slice() -> None:
    known = (ROOT / "backend" / "tables.py").read_text()
    slices = [file.parent.name for file in (ROOT / "backend").glob("*/models.py")]
    missing = [name for name in slices if f"backend.{name} " not in known]
    report(missing, "Import these models in backend/tables.py, or their migrations are never written.")


def test_every_job_has_exactly_one_runner() -> None:
    modules("backend")
    idle = [job.__qualname__ for job in ours(Job) if job not in RUNNERS]
    report(idle, "Nobody @runs these jobs. (That a job has two runners is refused when they are imported.)")
    report([job.__qualname__ for job in ours(Job) if not is_frozen(job)], "A job is a frozen dataclass.")


def is_frozen(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) and bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


# --- what is installed


def test_the_locks_agree_with_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    wanted = [(runtime, line) for line in project["dependencies"]]
    wanted += [(dev, line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]
    behind = [
        line
        for lock, line in wanted
        if not Requirement(line).specifier.contains(lock.get(canonicalize_name(Requirement(line).name), "0"))
    ]
    apart = [
        f"{name}: {version} and {dev.get(name)}" for name, version in runtime.items() if dev.get(name) != version
    ]
    report(behind + apart, "The locks are not those of pyproject.toml: run `make lock`.")


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}
