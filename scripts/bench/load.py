"""An open-loop HTTP client: requests leave on schedule, however slow the answers are.

Latency counts from the moment a request was due, so a server that stalls cannot hide it. Source: "coordinated
omission", a term of Gil Tene.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be written."""

    raw: bytes

    @classmethod
    def make(cls, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> "Request":
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return cls(("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])).encode() + body)


@dataclass
class Outcome:
    """What came of a run: seconds per request, and how many answers were not 200."""

    latencies: list[float]
    refused: int
    seconds: float

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the requests took at most."""
        ordered = sorted(self.latencies)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    @property
    def per_second(self) -> int:
        return round(len(self.latencies) / self.seconds)


async def fire(port: int, requests: Sequence[Request], *, rate: float | None, seconds: float) -> Outcome:
    """Send these requests in turn, `rate` a second, or as fast as answers come when it is None."""
    start = time.perf_counter()
    total = int(rate * seconds) if rate else None
    outcome = Outcome([], 0, seconds)
    numbers = iter(range(total)) if total else iter(int, 1)
    turn = 0

    async def connection() -> None:
        nonlocal turn
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            due = start + number / rate if rate else time.perf_counter()
            if due - start > seconds or time.perf_counter() - start > seconds * 2:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            turn += 1
            try:
                writer.write(requests[turn % len(requests)].raw)
                ok = await _read_answer(reader)
            except (asyncio.IncompleteReadError, ConnectionError):  # closed on us: that one is lost
                ok = False
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            outcome.latencies.append(time.perf_counter() - due)
            outcome.refused += not ok
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS if rate else 16)))
    outcome.seconds = time.perf_counter() - start
    return outcome


async def _read_answer(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200")
