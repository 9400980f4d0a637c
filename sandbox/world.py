"""What all emulators share, and what an emulator is."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.log import RequestLog
from sandbox.store import Store


@dataclass
class World:
    """One outside world: its clock, its faults, its log, and where it keeps what it knows."""

    clock: Clock
    public_url: str  # where a browser reaches the sandbox, e.g. http://127.0.0.1:8080, no slash at the end
    data_dir: Path | None = None  # None: everything in memory
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = RequestLog(self.clock)

    def store(self, name: str) -> Store:
        return Store(self.data_dir / f"{name}.sqlite" if self.data_dir else None)


class Emulator(Protocol):
    """One company. `app` is mounted at /sandbox/{name}; its controls are its own routes under /_ctl/."""

    name: str
    app: ASGIApp

    async def run(self) -> None:
        """Background work (deliveries, expiry), until cancelled."""

    def reset(self) -> None:
        """Forget everything: a new world for the next test."""
