"""Processes of the shop that start in a tenth of a second and are killed at a chosen message."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.processes import LOGS, ROOT, passed_on

STARTS_WITHIN = 60.0
BESIDE = os.environ.get("PYTEST_XDIST_WORKER", "")  # the run that stands beside another


@dataclass
class Zygote:
    """The process whose forks ours are."""

    running: subprocess.Popen[str]

    @classmethod
    def open(cls) -> "Zygote":
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=passed_on() | {"PYTHONPATH": str(ROOT)},
        )
        zygote = cls(running)
        assert zygote._line() == "ready"
        return zygote

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], *, log: Path, home: Path) -> int:
        """Start `vpn-service` with these arguments; its process id."""
        assert self.running.stdin
        wish = {"arguments": list(arguments), "environment": dict(environment), "log": str(log), "home": str(home)}
        self.running.stdin.write(json.dumps(wish) + "\n")
        self.running.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self.running.stdout
        return self.running.stdout.readline().strip()

    def close(self) -> None:
        """It and, by that, all that it has started."""
        with self.running:  # waits, and closes its pipes
            self.running.kill()


@dataclass
class Fork:
    """One process of the shop."""

    name: str
    zygote: Zygote
    environment: Mapping[str, str]
    home: Path
    says: str = ""  # what it says when it works
    port: int | None = None  # where it listens when it works
    pid: int | None = None
    _began: int = field(default=0)
    _former: int | None = None

    @property
    def log(self) -> Path:
        return LOGS / f"kills-{self.name}{BESIDE}.log"

    def start(self) -> None:
        """Begin anew, when the one before is gone and its port with it."""
        while self._former is not None and Path(f"/proc/{self._former}").exists():
            time.sleep(0.001)
        LOGS.mkdir(parents=True, exist_ok=True)
        self._began = self.log.stat().st_size if self.log.exists() else 0
        self.log.touch()
        environment = passed_on() | dict(self.environment)
        self.pid = self.zygote.fork([self.name], environment, log=self.log, home=self.home)

    def kill(self) -> None:
        """End it as a power cut would. Nothing, if it is gone already."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self._former, self.pid = self.pid, None

    def works(self) -> bool:
        if self.port is not None:
            with socket.socket() as knocking:
                return knocking.connect_ex(("127.0.0.1", self.port)) == 0
        return self.says in self.log.read_bytes()[self._began :].decode(errors="replace")

    def until_works(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while not self.works():
            assert time.monotonic() < deadline, f"{self.name} does not start:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.01)
