"""The inside of `make fresh`: build the image, open a shop in it, sell a key. Runs in namespaces of its own."""

import asyncio
import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from backend.kit.tokens import Secrets
from backend.payments.mac import hook_token
from sandbox.companies import SHOP_ID, environment
from scripts.dockerfile import read_dockerfile
from scripts.fresh_image import Failed, Image, build, install_debian, tail
from tests.journeys.keys import assert_works
from tests.journeys.person import Person
from tests.journeys.world import World

ROOT = Path(__file__).parent.parent
AS_ROOT = "0:0"
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """The shop and the world around it, each a process inside the image."""

    shop: subprocess.Popen[bytes]
    shop_url: str
    sandbox_url: str
    logs: Path

    def check(self) -> None:
        """Raises Failed when the shop is not there any more."""
        if self.shop.poll() is not None:
            raise Failed(f"The shop ended with {self.shop.returncode}:\n{tail(self.logs / 'shop.log')}")


def main(place: Path) -> int:
    """The exit code."""
    try:
        image = make_image(place)
        for user in (image.user, AS_ROOT):
            began = time.monotonic()
            with mounted(image, place / f"data-{user.partition(':')[0]}"):
                asyncio.run(open_and_sell(image, user, place))
            say(f"As user {user} a key was sold and works; {time.monotonic() - began:.1f} s with start and stop.")
    except (Failed, AssertionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def make_image(place: Path) -> Image:
    """Debian, what is committed, and every step of the Dockerfile."""
    place.chmod(0o755)
    say("Debian 12 with Python")
    install_debian(place / "debian")
    context = place / "context"
    context.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S607
    subprocess.run(["tar", "-x", "-C", context], input=archive, check=True)  # noqa: S603, S607
    say("deploy/Dockerfile")
    stages = read_dockerfile((context / "deploy" / "Dockerfile").read_text())
    return build(stages, bare=place / "debian", context=context, place=place)


@contextlib.contextmanager
def mounted(image: Image, volume: Path) -> Iterator[None]:
    """The image as a container has it: nothing in it can be written but /tmp and its volume, which begins empty."""
    root, data = image.folder, image.folder / image.volume.lstrip("/")
    shutil.copytree(data, volume)
    shutil.copystat(data, volume)
    shutil.chown(volume, data.stat().st_uid, data.stat().st_gid)
    mounts = (
        (root, "--bind", root),
        (root, "--options", "remount,bind,ro"),
        (root / "proc", "--types", "proc", "proc"),
        (root / "dev", "--rbind", "/dev"),
        (root / "tmp", "--types", "tmpfs", "--options", "size=64m,mode=1777", "tmpfs"),
        (data, "--bind", volume),
    )
    try:
        for target, *how in mounts:
            subprocess.run(["mount", *how, target], check=True)  # noqa: S603, S607
        yield
    finally:
        subprocess.run(["umount", "--recursive", root], check=True)  # noqa: S603, S607


async def open_and_sell(image: Image, user: str, place: Path) -> None:
    """Start everything as this user, sell, stop.

    Raises:
        Failed, AssertionError: something of it did not work.
    """
    logs = place / f"logs-{user.partition(':')[0]}"
    logs.mkdir()
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        with running(image, user, logs) as shop:
            await wait_for(http, shop)
            image.run("sh", "-c", "! unshare --user true 2>&1", user=user, env={})  # as in a container
            image.run(*image.health, user=user, env={"PORT": shop.shop_url.rpartition(":")[2]})
            try:
                await sell(World(shop.sandbox_url, shop.shop_url, "", http, {}))
            except AssertionError as error:
                raise Failed(f"{error}\nThe shop's log:\n{tail(logs / 'shop.log')}") from error
            shop.shop.terminate()
            if code := shop.shop.wait(STOPS_WITHIN):
                raise Failed(f"Asked to stop, the shop ended with {code}:\n{tail(logs / 'shop.log')}")


async def sell(world: World) -> None:
    """A person arrives, buys a month, and gets a key that works."""
    made = await world.do("/sandbox/telegram/_ctl/users", first_name="Анна", language_code="ru")
    anna = Person(world, made["id"])
    await anna.says("/start")
    await world.at_checkout(await anna.orders(), "pay")
    await assert_works(world, await anna.key(), days=30)


@contextlib.contextmanager
def running(image: Image, user: str, logs: Path) -> Iterator[Running]:
    """The world and the shop, killed at the end if they still run."""
    shop_port, sandbox_port = free_port(), free_port()
    shop_url, sandbox_url = (f"http://127.0.0.1:{port}" for port in (shop_port, sandbox_port))
    secret = secrets.token_urlsafe(32)
    ring = Secrets(secret).ring("order-mac")
    hook = f"{shop_url}/webhooks/yookassa/{hook_token(ring.keys[ring.newest], 'yookassa', SHOP_ID)}"
    settings = environment(sandbox_url) | {
        "SECRET_KEY": secret,
        "PUBLIC_URL": shop_url,
        "HOST": "127.0.0.1",
        "PORT": str(shop_port),
        "TRUSTED_PROXIES": "127.0.0.1",  # YooKassa's address comes in X-Forwarded-For
    }

    def start(name: str, *command: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return image.start(*command, user=user, env=env, log=logs / f"{name}.log")

    world = start("world", "python3", "-m", "sandbox", f"--port={sandbox_port}", f"--webhook-url={hook}", env={})
    shop = start("shop", *image.entrypoint, *image.command, env=settings)
    try:
        yield Running(shop, shop_url, sandbox_url, logs)
    finally:
        for process in (shop, world):
            process.kill()
            process.wait()


async def wait_for(http: httpx2.AsyncClient, shop: Running) -> None:
    """Until shop and world answer."""
    for url in (f"{shop.sandbox_url}/sandbox/_ctl/clock", f"{shop.shop_url}/readyz"):
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            shop.check()
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get(url)).is_success:
                    break
            if time.monotonic() > deadline:
                raise Failed(f"{url} does not answer:\n{tail(shop.logs / 'shop.log')}")
            await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
