"""deploy/Caddyfile and deploy/nginx.conf before a real upstream do the same. Skipped where a program is missing."""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.house import ROOT
from tests.serving import listener, serving, url_of

DEPLOY = ROOT / "deploy"
CADDY, NGINX = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("caddy", "nginx"))

DOCUMENT = {
    "Cache-Control": "no-store",
    "Content-Disposition": "inline; filename=\"vpn\"; filename*=UTF-8''%D0%92%D0%9F%D0%9D",
    "Content-Type": "text/plain; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "profile-title": "base64:0JLQn9Cd",
    "profile-update-interval": "1",
    "subscription-userinfo": "upload=0; download=1; total=0; expire=1790000000",
    "Vary": "Accept, User-Agent",
}
BODY = b"dmxlc3M6Ly8=\n"


async def document(_request: Request) -> Response:
    return Response(BODY, headers=DOCUMENT)


async def missing(_request: Request) -> Response:
    return Response(status_code=404)


async def style(_request: Request) -> Response:
    return Response("a {}", media_type="text/css", headers={"Referrer-Policy": "origin"})


async def echo(request: Request) -> Response:
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=400)
    return JSONResponse({"headers": dict(request.headers), "length": len(body)})


UPSTREAM = Starlette(
    routes=[
        Route("/sub/known", document),
        Route("/sub/static/page.css", style),
        Route("/sub/{token}", missing),
        Route("/{path:path}", echo, methods=["GET", "POST"]),
    ]
)


def caddy_command(folder: Path, port: int, upstream: str) -> tuple[list[str], dict[str, str]]:
    config = (DEPLOY / "Caddyfile").read_text().replace("{\n", "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n", 1)
    (folder / "Caddyfile").write_text(config)
    env = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "UPSTREAM": upstream, "HOME": str(folder)}
    return [str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], env


def make_certificate(folder: Path) -> None:
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    command = ["openssl", "req", "-x509", "-subj", "/CN=vpn.example.com", *kind, *files]
    subprocess.run(command, check=True, capture_output=True)


def nginx_command(folder: Path, port: int, upstream: str) -> tuple[list[str], dict[str, str]]:
    make_certificate(folder)
    with listener() as plain:
        plain_port = plain.getsockname()[1]
    site = (DEPLOY / "nginx.conf").read_text()
    for there, here in (
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("/etc/letsencrypt/live/vpn.example.com", str(folder)),
        ("127.0.0.1:8080", upstream),
    ):
        assert there in site
        site = site.replace(there, here)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    config = f"{user} daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ {paths}\n{site} }}"
    (folder / "nginx.conf").write_text(config)
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")], {}


Way = Callable[[Path, int, str], tuple[list[str], dict[str, str]]]
WAYS: dict[str, tuple[str | None, Way, str]] = {
    "caddy": (CADDY, caddy_command, "http"),
    "nginx": (NGINX, nginx_command, "https"),
}


@pytest.fixture(scope="module", params=WAYS)
async def way_in(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser before a proxy before the upstream."""
    program, command_of, scheme = WAYS[request.param]
    if not program:
        pytest.skip(f"there is no {request.param} on this machine")
    folder = tmp_path_factory.mktemp(request.param)
    with listener() as free:
        port = free.getsockname()[1]
    with listener() as behind:
        async with serving(UPSTREAM, behind):
            command, env = command_of(folder, port, url_of(behind).removeprefix("http://"))
            with (folder / "log").open("wb") as log:
                proxy = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **env}, stdout=log, stderr=log)
            url = f"{scheme}://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=url, trust_env=False, verify=False) as browser:
                try:
                    await answers(browser, folder / "log")
                    yield browser
                finally:
                    proxy.terminate()
                    proxy.wait(10)


async def answers(browser: httpx2.AsyncClient, log: Path) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx2.TransportError):
            await browser.get("/healthz")
            return
        await asyncio.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.mark.skipif(NGINX is None, reason="there is no nginx on this machine")
async def test_by_plain_http_a_webhook_is_led_to_https_as_the_post_it_is(tmp_path: Path) -> None:
    with listener() as free:
        port = free.getsockname()[1]
    command, env = nginx_command(tmp_path, port, "127.0.0.1:9")
    (plain,) = re.findall(r"listen 127\.0\.0\.1:([0-9]+);", (tmp_path / "nginx.conf").read_text())
    with (tmp_path / "log").open("wb") as log:
        proxy = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **env}, stdout=log, stderr=log)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{plain}", trust_env=False) as http:
        try:
            await answers(http, tmp_path / "log")
            answer = await http.post("/webhooks/coingate/a?b=c", headers={"Host": "vpn.example.com"}, content=b"x")
        finally:
            proxy.terminate()
            proxy.wait(10)

    assert (answer.status_code, answer.headers["location"]) == (
        308,
        "https://vpn.example.com/webhooks/coingate/a?b=c",
    )


async def test_a_document_of_the_link_comes_through_as_it_is(way_in: httpx2.AsyncClient) -> None:
    answer = await way_in.get("/sub/known", headers={"User-Agent": "Happ/3.2.1"})
    assert answer.content == BODY
    for name, value in DOCUMENT.items():
        assert answer.headers.get_list(name) == [value], name


async def test_nothing_on_the_way_may_keep_what_a_link_answers(way_in: httpx2.AsyncClient) -> None:
    assert (await way_in.get("/sub/nobody")).headers.get_list("cache-control") == ["no-store"]
    assert "cache-control" not in (await way_in.get("/sub/static/page.css")).headers


async def test_the_shop_s_own_headers_go_first(way_in: httpx2.AsyncClient) -> None:
    answer = await way_in.get("/sub/static/page.css")
    assert answer.headers.get_list("referrer-policy") == ["origin"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


async def test_every_answer_asks_for_https_and_keeps_its_address_to_itself(way_in: httpx2.AsyncClient) -> None:
    answer = await way_in.get("/return/of-somebody")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]


async def test_the_shop_learns_who_really_asks(way_in: httpx2.AsyncClient) -> None:
    lie = {"X-Forwarded-For": "185.71.76.1", "Host": "vpn.example.com"}
    if way_in.base_url.scheme == "http":
        del lie["Host"]  # Caddy answers for the host of PUBLIC_URL alone
    seen = (await way_in.get("/webhooks/yookassa/secret", headers=lie)).json()["headers"]
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == way_in.base_url.scheme
    assert seen["host"] == lie.get("Host", f"127.0.0.1:{way_in.base_url.port}")


@pytest.mark.parametrize(("path", "most"), [("/webhooks/yookassa/secret", 128 * 1024), ("/api/v1/anything", 1 << 20)])
async def test_a_body_has_a_limit(way_in: httpx2.AsyncClient, path: str, most: int) -> None:
    assert (await way_in.post(path, content=b"x" * most)).json()["length"] == most
    refused = await way_in.post(path, content=b"x" * (most + 1))
    assert refused.status_code in (413, 502), "502 is what a Caddy of 2022 makes of it"


async def test_counters_are_not_for_everybody(way_in: httpx2.AsyncClient) -> None:
    assert (await way_in.get("/metrics")).status_code == 404
    assert (await way_in.get("/readyz")).status_code == 200
