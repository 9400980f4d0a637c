"""`make mutmut`: every small change of the modules that pyproject.toml names; each must be noticed, or explained.

A change is noticed by mypy or by a test. The tests of all changes share one PostgreSQL, with a database for each run.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.postgres_fixture import throwaway_postgres

ROOT = Path(__file__).parent.parent
MUTMUT = ROOT / ".venv" / "bin" / "mutmut"
EXPLAINED = ROOT / "docs" / "mutants.md"
REST = "rest"
NOTICED = ("killed", "caught by type check")


def main(wanted: Sequence[str]) -> int:
    """The exit code.

    `wanted` are names of changes, `backend.payments.recording.*` too, or "rest": what was not tried yet or changed
    since. None: all, from the start.
    """
    if not wanted:
        shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    with throwaway_postgres() as dsn:
        names = [name for name in wanted if name != REST]
        command = [MUTMUT, "run", "--max-children", "2", *names]
        tried = subprocess.run(command, cwd=ROOT, env={**os.environ, "SHOP_TEST_DSN": dsn}, check=False)  # noqa: S603
    if tried.returncode:
        return tried.returncode
    fates = results()
    explained = set(re.findall(r"^backend\.\S+", EXPLAINED.read_text(), re.MULTILINE))
    open_questions = sorted(name for name, fate in fates.items() if fate not in NOTICED and name not in explained)
    for name in open_questions:
        sys.stdout.write(f"not explained: {name} {fates[name]}\n")
    counted = ", ".join(f"{number} {fate}" for fate, number in Counter(fates.values()).most_common())
    sys.stdout.write(f"{len(fates)} changes: {counted}\n")
    return 1 if open_questions else 0


def results() -> dict[str, str]:
    """How each change ended, by its name."""
    said = subprocess.run(  # noqa: S603
        [MUTMUT, "results", "--all", "true"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(line.strip().split(": ", 1) for line in said.stdout.splitlines() if ": " in line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
