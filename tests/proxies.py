"""Proxies that know one place: wherever a client wants to go, it ends up there. Only with a password."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

USER, PASSWORD = "shop", "open sesame"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Refused(Exception):
    """The client does not know the password, or speaks something else."""


@dataclass
class Proxy:
    """`asked` is where clients wanted to go, a "host:port" for each connection that was let through."""

    leads_to: int  # a port of this machine
    url: str = ""
    asked: list[str] = field(default_factory=list)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    refusals: int | None = None  # how many clients were turned away; None: it works

    @contextlib.asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """For as long as the block lasts it reaches nobody; connections that are open end as well."""
        self.refusals = 0
        await self.hang_up()
        yield
        self.refusals = None

    async def turned_away(self, clients: int) -> None:
        """Wait until it turned away so many."""
        async with asyncio.timeout(15):
            while (self.refusals or 0) < clients:
                await asyncio.sleep(0.02)

    def reaches_nobody(self) -> bool:
        """Whether it is away; this client is counted then."""
        if self.refusals is not None:
            self.refusals += 1
        return self.refusals is not None

    async def hang_up(self) -> None:
        tasks = list(self.under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Handshake = Callable[[Proxy, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


@contextlib.asynccontextmanager
async def http_proxy(leads_to: int) -> AsyncIterator[Proxy]:
    """Tunnels by CONNECT, and passes on what is asked for by its whole address. Source: RFC 9110, RFC 9112."""
    async with _serve("http", leads_to, _greet_http) as proxy:
        yield proxy


@contextlib.asynccontextmanager
async def socks_proxy(leads_to: int) -> AsyncIterator[Proxy]:
    """SOCKS5. Source: RFC 1928, RFC 1929."""
    async with _serve("socks5", leads_to, _greet_socks) as proxy:
        yield proxy


@contextlib.asynccontextmanager
async def _serve(scheme: str, leads_to: int, greet: Handshake) -> AsyncIterator[Proxy]:
    proxy = Proxy(leads_to)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        proxy.under_way.add(task)
        try:
            first = await greet(proxy, reader, writer)
            await _join((reader, writer), leads_to, first)
        except (_Refused, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            proxy.under_way.discard(task)
            writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy.url = f"{scheme}://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.hang_up()


async def _greet_http(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What of the client's words is to be passed on."""
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    wanted = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
    if {name.lower(): value for name, value in headers.items()}.get("proxy-authorization") != wanted:
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        raise _Refused
    if proxy.reaches_nobody():
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        raise _Refused
    if method == "CONNECT":
        proxy.asked.append(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return b""
    host = target.removeprefix("http://").partition("/")[0]
    proxy.asked.append(host if ":" in host else f"{host}:80")
    return head


async def _greet_socks(proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    version, count = await reader.readexactly(2)
    if version != 5 or 2 not in await reader.readexactly(count):
        raise _Refused
    writer.write(b"\x05\x02")
    await reader.readexactly(1)
    said = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
    if said != [USER.encode(), PASSWORD.encode()]:
        writer.write(b"\x01\x01")
        raise _Refused
    writer.write(b"\x01\x00")
    kind = (await reader.readexactly(4))[3]
    address = await reader.readexactly(4 if kind == 1 else (await reader.readexactly(1))[0])
    host = ".".join(map(str, address)) if kind == 1 else address.decode()
    port = int.from_bytes(await reader.readexactly(2))
    if proxy.reaches_nobody():
        writer.write(b"\x05\x04\x00\x01" + bytes(6))
        raise _Refused
    proxy.asked.append(f"{host}:{port}")
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return b""


async def _join(client: Streams, port: int, first: bytes) -> None:
    """Carry everything back and forth until one side ends."""
    server = await asyncio.open_connection("127.0.0.1", port)
    server[1].write(first)
    ways = [asyncio.create_task(_carry(client[0], server[1])), asyncio.create_task(_carry(server[0], client[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server[1].close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(65536):
        target.write(piece)
        await target.drain()
