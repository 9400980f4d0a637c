"""3X-UI at an address that is not quite right: http and https mixed up, certificates, proxies, older panels."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.kit.errors import Unavailable
from backend.vpn.panels.base import PanelAccess, PanelAuthFailed, PanelNotRecognized
from backend.vpn.panels.xui import Xui
from backend.vpn.panels.xui.client import Client
from backend.vpn.panels.xui.connection import Connection
from backend.vpn.panels.xui.password import YOUNG_SECONDS, PasswordSession
from tests.contract.panels.harness import PanelHarness, free_port, serving, xui
from tests.contract.panels.keys import SPEC
from tests.unit.vpn.recorded import obj

WAYS_IN = ("token", "password")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module", params=WAYS_IN)
async def running(request: pytest.FixtureRequest) -> AsyncIterator[PanelHarness]:
    async with xui(by_password=request.param == "password") as harness:
        yield harness


@pytest.fixture
async def harness(running: PanelHarness) -> PanelHarness:
    await running.reset()
    return running


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's side of TLS with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "panel")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return context_of(folder)


def context_of(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@contextlib.asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port of this machine where every connection is given to `talk`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


def says(answer: bytes) -> Talk:
    """Whatever comes, this is the answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()

    return talk


def passes_on_to(port: int) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", port)

        async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
            sink.close()

        await asyncio.gather(pipe(reader, before), pipe(behind, writer))

    return talk


async def problem(access: PanelAccess) -> str:
    """What every call says of this address; each the same."""
    driver = Xui(access)
    told = set()
    for call in (lambda: driver.put(SPEC, [1]), lambda: driver.drop(SPEC.email, [1]), driver.list, driver.probe):
        with pytest.raises((PanelNotRecognized, PanelAuthFailed)) as caught:
            await call()
        told.add(str(caught.value.details["reason"]))
    await driver.aclose()
    (reason,) = told
    return reason


# http and https -----------------------------------------------------------------------------------------


async def test_a_self_signed_certificate_is_named_and_can_be_accepted(
    harness: PanelHarness, self_signed: ssl.SSLContext
) -> None:
    address = urlsplit(harness.access.url)
    assert address.port
    async with listening(passes_on_to(address.port), self_signed) as port:
        secure = replace(harness.access, url=f"https://127.0.0.1:{port}{address.path}")

        assert "its certificate is not trusted (self-signed certificate)" in await problem(secure)

        driver = Xui(replace(secure, verify_tls=False))
        await driver.put(SPEC, harness.inbound_ids)
        await driver.aclose()
    assert await harness.count() == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://127.0.0.1:2053/abc/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        b"HTTP/1.0 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>",
    ],
    ids=["the panel", "Go", "nginx"],
)
async def test_http_where_https_is_spoken_says_so(harness: PanelHarness, answer: bytes) -> None:
    async with listening(says(answer)) as port:
        assert "https://" in await problem(replace(harness.access, url=f"http://127.0.0.1:{port}/abc/"))


@pytest.mark.parametrize("verify_tls", [True, False])
async def test_https_where_http_is_spoken_says_so(harness: PanelHarness, verify_tls: bool) -> None:
    url = harness.access.url.replace("http://", "https://")

    reason = await problem(replace(harness.access, url=url, verify_tls=verify_tls))

    assert "plain http is spoken at this port" in reason


async def test_tls_that_breaks_off_is_a_matter_of_trying_again(harness: PanelHarness) -> None:
    async with listening(says(b"")) as port:
        driver = Xui(replace(harness.access, url=f"https://127.0.0.1:{port}/abc/"))
        with pytest.raises(Unavailable):
            await driver.put(SPEC, harness.inbound_ids)
        await driver.aclose()


@pytest.mark.parametrize("path", ["/", "/sandbox/xui/", "/sandbox/xui/abc/panel/", "/sandbox/xui/wrong/"])
async def test_a_wrong_base_path_says_what_to_check(harness: PanelHarness, path: str) -> None:
    address = urlsplit(harness.access.url)

    reason = await problem(replace(harness.access, url=f"http://{address.netloc}{path}"))

    assert "check host, port and base path" in reason


# proxies and older panels -------------------------------------------------------------------------------


class OldPanel:
    """What a 2.x shows to somebody who signs in: no CSRF token, and 404 for whoever is not signed in."""

    def __init__(self, *, gives_cookies: bool = True) -> None:
        self.cookies: list[str] = []
        self.gives_cookies = gives_cookies
        paths = ("/getTwoFactorEnable", "/login", "/panel/api/inbounds/list")
        self.app = Starlette(routes=[Route(path, self.answer, methods=["GET", "POST"]) for path in paths])

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        if path == "/getTwoFactorEnable":
            return JSONResponse({"success": True, "msg": "", "obj": False})
        if path == "/login":
            assert "x-csrf-token" not in request.headers
            self.cookies.append(f"session-{len(self.cookies)}")
            message = " You have successfully logged into your account."
            signed_in = JSONResponse({"success": True, "msg": message, "obj": None})
            if self.gives_cookies:
                signed_in.set_cookie("lang", "en")
                signed_in.set_cookie("3x-ui", self.cookies[-1], max_age=3600, expires=3600, httponly=True)
            return signed_in
        if request.headers.get("cookie") != f"3x-ui={self.cookies[-1] if self.cookies else ''}":
            return Response(status_code=404)
        return JSONResponse({"success": True, "msg": "", "obj": obj("inbounds as strings")})


@contextlib.asynccontextmanager
async def served(panel: OldPanel) -> AsyncIterator[PanelAccess]:
    with free_port() as listener:
        async with serving(panel.app, listener):
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            yield PanelAccess(url=url, username="shop", password="S3cret-pass")


async def test_an_old_panel_is_signed_in_to_once_and_told_for_what_it_is() -> None:
    old = OldPanel()
    async with served(old) as access:
        assert "before 3.1 cannot be used yet" in await problem(access)

    assert len(old.cookies) == 1


async def test_a_dead_session_of_an_old_panel_is_replaced_though_it_looks_like_a_missing_route() -> None:
    old, moment = OldPanel(), 0.0
    async with served(old) as access:
        connection = Connection(access)
        session = PasswordSession(connection, "shop", "S3cret-pass", seconds=lambda: moment)
        headers = await session.headers()

        moment = YOUNG_SECONDS
        assert await session.renewed(headers, 404) is None
        moment = YOUNG_SECONDS + 1
        assert await session.renewed(headers, 404) == {"Cookie": "3x-ui=session-1"}
        await connection.aclose()


async def test_a_session_whose_cookie_never_arrives_is_the_proxys_fault() -> None:
    async with served(OldPanel(gives_cookies=False)) as access:
        client = Client(access)
        with pytest.raises(PanelNotRecognized, match="a proxy before it may take the cookie away"):
            await client.get("panel/api/inbounds/list", label="inbounds/list")
        await client.aclose()
