"""A line between one process of the shop and everything it talks to, which is cut at a chosen message.

A message is what one read from a connection gives, in either direction. Where it is chosen, the process is killed
either before the message goes on or right after it has.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

SIZE = 1 << 16
COMMIT = b"COMMIT"
CHANGED = re.compile(rb"(?:INSERT 0|UPDATE|DELETE) [1-9]\d*\0")  # how PostgreSQL ends a statement that changed rows

Moment = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Cut:
    """At which message a process is killed: the `number`-th, counted from 1, of all or of those that commit."""

    process: str
    moment: Moment
    number: int
    commits: bool = False

    def __str__(self) -> str:
        return f"{self.process} killed {self.moment} {'commit' if self.commits else 'message'} {self.number}"


@dataclass
class Books:
    """Whether a connection to PostgreSQL has changed rows that are not committed yet."""

    changed: bool = False

    def hears(self, data: bytes) -> bool:
        """Whether this is a commit of something."""
        commits = self.changed and COMMIT in data
        self.changed = self.changed and not commits
        return commits

    def answers(self, data: bytes) -> bool:
        self.changed = self.changed or CHANGED.search(data) is not None
        return False


@dataclass
class Line:
    """All connections of one process. `messages` and `commits` count since the last `reset`."""

    process: str
    kill: Callable[[], None]
    messages: int = 0
    commits: int = 0
    cut: Cut | None = None
    fired: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def reset(self, cut: Cut | None = None) -> None:
        self.messages = self.commits = 0
        self.cut, self.fired = cut, False

    @contextlib.asynccontextmanager
    async def leads_to(self, url: str) -> AsyncIterator[str]:
        """An address of ours behind which `url` is, path and credentials included."""
        there = urlsplit(url)
        assert there.hostname
        assert there.port

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._join(reader, writer, str(there.hostname), int(there.port or 0))

        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login, at, _ = there.netloc.rpartition("@")
        try:
            yield there._replace(netloc=f"{login}{at}127.0.0.1:{port}").geturl()
        finally:
            server.close()
            for each in list(self._writers):
                each.close()
            while self._writers:
                await asyncio.sleep(0.01)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, far_writer}
        books = Books()
        try:
            await asyncio.gather(
                self._pass_on(reader, far_writer, books.hears), self._pass_on(far_reader, writer, books.answers)
            )
        finally:
            self._writers -= {writer, far_writer}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, commits: Callable[[bytes], bool]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(SIZE):
                moment = self._count(commits=commits(data))
                if moment == "before":
                    self.kill()
                    break
                writer.write(data)
                await writer.drain()
                if moment == "after":
                    self.kill()
        writer.close()

    def _count(self, *, commits: bool) -> Moment | None:
        """Count a message; when the process is to be killed, if this is the one."""
        self.messages += 1
        self.commits += commits
        cut = self.cut
        if cut is None or self.fired or (cut.commits and not commits):
            return None
        if (self.commits if cut.commits else self.messages) != cut.number:
            return None
        self.fired = True
        return cut.moment
