"""`make mutants`: bugs put in on purpose, each of which a test must find.

Every tests/mutants/*.patch is one bug. It begins with two lines, what is wrong and who finds that:

    # Every request has a key of its own, so a retry is a second payment.
    # caught by: tests/integration/test_create.py::test_a_call_whose_…

The tests pass in a copy of the checkout as it is. Then each bug is put into a copy of its own, where its test must
fail. A patch that does not apply, or a bug that nobody finds, fails the whole.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "mutants"
HEAD = re.compile(
    r"# (?P<wrong>[^\n]+)\n# caught by: (?P<test>(?P<file>tests/[\w/]+\.py)::(?P<name>test_\w+)(\[[\w-]+\])?)\n"
)
NOT_COPIED = (".*", "mutants", "out", "node_modules", "*.egg-info")
TEST_SECONDS = 90
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: its patch, what is wrong in words, and the test that must find it."""

    patch: Path
    wrong: str
    test: str  # tests/….py::test_…
    file: str
    name: str  # of the test's function


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a bug ended. `found` None: nobody found it; else what the test said."""

    mutant: Mutant
    found: str | None
    trouble: str  # why nobody found it
    seconds: float


def mutants() -> list[Mutant]:
    """Every bug, by the name of its patch.

    Raises:
        ValueError: a patch does not begin with its two lines.
    """
    found = []
    for patch in sorted(FOLDER.glob("*.patch")):
        head = HEAD.match(patch.read_text())
        if head is None:
            raise ValueError(f"{patch.name} must begin with '# what is wrong.' and '# caught by: tests/….py::test_…'")
        found.append(Mutant(patch, **head.groupdict()))
    return found


def apply(patch: Path, folder: Path, *options: str) -> str:
    """Put a bug into a checkout; why that could not be done, or nothing."""
    command = ["git", "apply", "--whitespace=nowarn", *options, str(patch)]
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stderr.strip() or "the patch does not apply" if done.returncode else ""


def copy(source: Path, target: Path) -> Path:
    """A copy of a checkout that shares its virtual environment."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    (target / ".venv").symlink_to(ROOT / ".venv")
    return target


def complaint(folder: Path, tests: Sequence[str]) -> tuple[int, str | None]:
    """Run these tests there; the exit code, and what a test, or the audit after it, complained of.

    What fails before a test begins is no complaint of it.
    """
    report = folder.with_suffix(".xml")
    command = [".venv/bin/python", "-m", "pytest", "-x", f"--timeout={TEST_SECONDS}", f"--junitxml={report}", *tests]
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=TEST_SECONDS * (1 + len(tests))
    )
    if report.exists():
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
            for found in case:
                said = " ".join(found.get("message", "").split())
                if found.tag == "failure" or (found.tag == "error" and said.startswith("failed on teardown")):
                    return done.returncode, said or "it failed"
    tail = done.stdout.splitlines()[-15:]
    if done.returncode:
        sys.stderr.write("\n".join([*tail, done.stderr]) + "\n")
    return done.returncode, None


def judge(mutant: Mutant, checkout: Path) -> Verdict:
    """Put one bug into a copy of its own and run the test that must find it."""
    began = time.monotonic()
    folder = copy(checkout, checkout.parent / mutant.patch.stem)
    try:
        found, trouble = None, apply(mutant.patch, folder)
        if not trouble:
            code, found = complaint(folder, [mutant.test])
            trouble = "" if found else "survived: its test passed" if code == 0 else f"pytest ended with {code}"
    except subprocess.TimeoutExpired:
        found, trouble = None, "its test did not end"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Verdict(mutant, found, trouble, time.monotonic() - began)


def main(wanted: Sequence[str]) -> int:
    """The exit code. `wanted` are names of patches; none: all of them."""
    chosen = [mutant for mutant in mutants() if not wanted or mutant.patch.stem in wanted]
    if len(chosen) < max(1, len(set(wanted))):
        sys.stderr.write(f"Not all of these are in {FOLDER.name}: {' '.join(wanted)}\n")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shop-mutants-") as place:
        checkout = copy(ROOT, Path(place) / "checkout")
        code, said = complaint(checkout, sorted({mutant.test for mutant in chosen}))
        if code:
            sys.stderr.write(f"Without any bug the tests must pass: {said or f'pytest ended with {code}'}\n")
            return 1
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = []
            for verdict in pool.map(lambda mutant: judge(mutant, checkout), chosen):
                verdicts.append(verdict)
                show(verdict)
    alive = sum(verdict.found is None for verdict in verdicts)
    counts = f"{len(verdicts) - alive} passed, {alive} failed"
    sys.stdout.write(f"===== {counts} in {time.monotonic() - began:.2f}s =====\n")
    return 1 if alive else 0


def show(verdict: Verdict) -> None:
    """A row of the table: how it ended, the bug, its test."""
    word = "caught" if verdict.found else "ALIVE"
    mutant = verdict.mutant
    sys.stdout.write(f"{word:7}{verdict.seconds:5.0f} s  {mutant.wrong}\n{'':16}{mutant.test}\n")
    sys.stdout.write(f"{'':16}{(verdict.found or verdict.trouble)[:160]}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
