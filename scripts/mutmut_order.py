"""A plugin of pytest for `make mutmut`: tests that have found a change go first, the more they found the sooner.

What found changes of the same function goes before what found others.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

FOUND = Path("found.txt")  # beside the changed code: each line a function and a test that found a change of it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    function = _changed_function()
    if function is None or not FOUND.exists():
        return
    found = [line.split(" ", 1) for line in FOUND.read_text().splitlines()]
    here = Counter(test for name, test in found if name == function)
    anywhere = Counter(test for _, test in found)
    items.sort(key=lambda item: (-here[item.nodeid], -anywhere[item.nodeid]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    function = _changed_function()
    if function is not None and report.failed:
        with FOUND.open("a") as found:
            found.write(f"{function} {report.nodeid}\n")


def _changed_function() -> str | None:
    """As mutmut names it. None: nothing is changed."""
    name, changed, _ = os.environ.get("MUTANT_UNDER_TEST", "").partition("__mutmut_")
    return name if changed else None
