"""scripts/bootstrap in a checkout whose lock is installed already: it leaves a command that works from anywhere."""

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
