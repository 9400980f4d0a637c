"""scripts/bootstrap in a checkout whose lock is installed already: it leaves a command that works from anywhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One in a folder with a space in its name; its program says where it runs and what it was told."""
    home = tmp_path / "my shop"
    (home / "scripts").mkdir(parents=True)
    (home / "cli").mkdir()
    (home / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap", home / "scripts")
    (home / "cli" / "main.py").write_text("import os, sys\nprint(os.getcwd(), *sys.argv[1:], sep='|')\n")
    (home / "requirements.txt").write_text("nothing==1\n")
    (home / ".venv" / "bin" / "python").symlink_to(sys.executable)
    stamp = subprocess.run(["cksum"], input=b"nothing==1\n", capture_output=True, check=True).stdout
    (home / ".venv" / ".installed-runtime").write_bytes(stamp)
    return home


def test_the_command_runs_in_its_checkout_wherever_it_is_called(checkout: Path, tmp_path: Path) -> None:
    for _ in range(2):
        subprocess.run([checkout / "scripts" / "bootstrap", "runtime"], check=True)
    command = checkout / ".venv" / "bin" / "vpn-service"

    done = subprocess.run([command, "plans", "a b"], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == f"{checkout}|plans|a b"


def test_a_checkout_that_was_moved_has_a_new_command(checkout: Path, tmp_path: Path) -> None:
    subprocess.run([checkout / "scripts" / "bootstrap", "runtime"], check=True)
    moved = checkout.rename(tmp_path / "moved")
    subprocess.run([moved / "scripts" / "bootstrap", "runtime"], check=True)

    done = subprocess.run([moved / ".venv" / "bin" / "vpn-service"], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str(moved)


INTERPRETER = """#!/bin/sh
case "$*" in
    *"-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo new > .venv/which ;;
    *"-m pip install "*) exit {installs} ;;
    *"-m pip "*) exit 1 ;;
    *) exec {python} "$@" ;;
esac
"""


@pytest.mark.parametrize(("installs", "left"), [(1, "old"), (0, "new")])
@pytest.mark.parametrize("killed_before", [False, True])
def test_an_environment_is_replaced_by_one_that_is_complete_or_not_at_all(
    checkout: Path, installs: int, left: str, killed_before: bool
) -> None:
    python = checkout / "python"
    python.write_text(INTERPRETER.format(installs=installs, python=sys.executable))
    python.chmod(0o755)
    venv = checkout / ".venv"
    (venv / "which").write_text("old\n")
    (venv / "bin" / "python").unlink()
    shutil.copy(python, venv / "bin" / "python")
    (venv / ".installed-runtime").unlink()
    if killed_before:
        venv.rename(checkout / ".venv.old")
        (venv / "bin").mkdir(parents=True)

    command = [checkout / "scripts" / "bootstrap", "runtime"]
    done = subprocess.run(command, env={**os.environ, "PYTHON": str(python)}, check=False)

    assert done.returncode == installs
    assert (venv / "which").read_text() == f"{left}\n"
    assert not (checkout / ".venv.old").exists()
