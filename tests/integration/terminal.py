"""A command of ours in a pseudo-terminal: what somebody sees there, and what he types."""

import asyncio
import contextlib
import os
import pty
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.house import ROOT

SECONDS = 60.0  # two cores, and much else runs on them
COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Terminal:
    """One running command."""

    process: asyncio.subprocess.Process
    master: int
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    raw: bytes = b""
    _read: int = 0  # how far its text was looked at

    @property
    def text(self) -> str:
        """Everything that was shown, without colours, lines as they were before wrapping by the terminal."""
        return COLORS.sub("", self.raw.decode(errors="replace")).replace("\r\n", "\n")

    async def sees(self, *words: str) -> None:
        """Wait until these words have come, in this order, after what was seen before."""
        for word in words:
            await self._until(partial(self._shows, word), word)
            self._read = self.text.index(word, self._read) + len(word)

    async def answers(self, question: str, answer: str = "") -> None:
        """Type an answer, or only Enter, once this is asked and the cursor stands behind it."""
        await self.sees(question)
        await self._until(lambda: self.text.endswith(": "), f"{question} …: ")
        self.types(f"{answer}\n")

    def _shows(self, word: str) -> bool:
        return word in self.text[self._read :]

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not holds() and self.process.returncode is None:
                    self.changed.clear()
                    await self.changed.wait()
        assert holds(), f"{what!r} never came:\n{self.text}"

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    async def ends(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    def _take(self) -> None:
        try:
            self.raw += os.read(self.master, 65536)
        except OSError:  # nobody is at the other end any more
            asyncio.get_running_loop().remove_reader(self.master)
        self.changed.set()


@contextlib.asynccontextmanager
async def terminal(*words: str, home: Path, **variables: str) -> AsyncIterator[Terminal]:
    """`vpn-service words…` in this folder, with nothing of this environment but these variables."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *words),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=home,
        env=environment(variables),
        start_new_session=True,
    )
    os.close(slave)
    opened = Terminal(process, master)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, opened._take)
    ending = asyncio.create_task(process.wait())
    ending.add_done_callback(lambda _: opened.changed.set())
    try:
        yield opened
    finally:
        if process.returncode is None:
            process.kill()
        await ending
        loop.remove_reader(master)
        os.close(master)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**passed, "LANG": "ru_RU.UTF-8", "COLUMNS": "200", "PYTHONPATH": str(ROOT), **variables}
