"""The product and its world as separate processes, each with a log of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "out" / "journeys"
STARTS_WITHIN = 110.0  # seconds; two cores import everything for three processes at once
STOPS_WITHIN = 5.0  # seconds after SIGTERM, as an operator expects

# What a process says only when something in it went wrong that nobody thought of.
CRASHES = (
    "http.failed",
    "job.failed",
    "tick.failed",
    "bot.failed",
    "update.failed",
    "bot.telegram_refused",
    "update.unreadable",
)
BREAKDOWN = "Traceback (most recent call last)"


@dataclass
class Process:
    """One of ours: `python -m ...` with nothing of this environment but what it is given."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    home: Path  # its working directory, where no .env of a real shop lies
    running: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _read: int = field(default=0)  # how far the log was looked through for crashes
    _began: int = field(default=0)  # where in the log this start begins

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def runs(self, *arguments: str) -> None:
        """Let an operator run a command of the shop, with the settings of this process, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            capture_output=True,
            cwd=self.home,
            env=self._environment(),
            timeout=STARTS_WITHIN,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()

    def start(self) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        if not self.starts:
            self.log.write_bytes(b"")
        self.starts += 1
        self._began = self.log.stat().st_size
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [*_bound_to_us(), sys.executable, "-m", *self.arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.home,
                env=self._environment(),
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()
        self.running = None

    def stop(self) -> None:
        """Ask it to end. It has to, in time and without a complaint."""
        assert self.running is not None
        self.running.send_signal(signal.SIGTERM)
        try:
            code = self.running.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {STOPS_WITHIN:.0f} s") from None
        self.running = None
        assert code in (0, -signal.SIGTERM), f"{self.name} ended with {code}:\n{self.tail()}"

    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def said(self, words: str) -> bool:
        """Whether these words are in its log since it was started last."""
        return words in self.log.read_bytes()[self._began :].decode(errors="replace")

    def says(self, words: str, *, within: float = STARTS_WITHIN) -> None:
        """Wait until it has said these words."""
        deadline = time.monotonic() + within
        while not self.said(words):
            assert self.alive(), f"{self.name} ended:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.name} never said {words!r}:\n{self.tail()}"
            time.sleep(0.02)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    def _environment(self) -> dict[str, str]:
        return {**passed_on(), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **self.environment}

    def new_crashes(self) -> list[str]:
        """Lines written since the last look that tell of a bug."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            fresh = log.read()
        self._read += len(fresh)
        return [f"{self.name}: {line}" for line in _crashes(fresh.decode(errors="replace"))]


def passed_on() -> dict[str, str]:
    """All that a process of ours learns of this environment."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody has."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _crashes(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            if entry.get("event") in CRASHES or "exception" in entry:
                yield line
        elif BREAKDOWN in line:
            yield line


def _bound_to_us() -> list[str]:
    """A prefix that ends a process together with the tests, where the system has it."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
