"""Telegram comes to the shop, and several processes hear what people say."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from sandbox.companies import BOT_TOKEN
from tests.journeys.balancer import Balancer
from tests.journeys.conftest import NewPerson
from tests.journeys.keys import assert_only, assert_works
from tests.journeys.person import STARS, Person
from tests.journeys.processes import Process, free_ports
from tests.journeys.world import World
from tests.serving import listener, serving, url_of

pytestmark = pytest.mark.thorough

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Hooks:
    """Two web processes that Telegram comes to by one address."""

    world: World
    balancer: Balancer
    processes: tuple[Process, Process]
    address: str  # all of it, as Telegram knows it

    @property
    def path(self) -> str:
        return self.address.removeprefix("http://").partition("/")[2]

    async def brings(self, sender: Person, server: str, secret: str | None, *, path: str = "") -> int:
        """Somebody who pretends to be Telegram says /start for a person; the status of the answer."""
        user = {"id": sender.id, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
        chat = {"id": sender.id, "type": "private", "first_name": "Анна"}
        entities = [{"type": "bot_command", "offset": 0, "length": 6}]
        said = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": user, "text": "/start"}
        update = {"update_id": 1, "message": said | {"entities": entities}}
        headers = {} if secret is None else {SECRET_HEADER: secret}
        answer = await self.world.http.post(f"{server}/{path or self.path}", json=update, headers=headers)
        return answer.status_code


@pytest.fixture(scope="module")
async def hooks(shop: World) -> AsyncIterator[Hooks]:
    """The same shop, but Telegram comes to it for as long as this file lasts; afterwards the bot polls again."""
    ports = free_ports(2)
    balancer = Balancer(shop.http, [f"http://127.0.0.1:{port}" for port in ports])
    with listener() as held:
        one, two = (_hook(shop, f"hook-{number}", url_of(held), port) for number, port in enumerate(ports, 1))
        processes = (one, two)
        async with serving(balancer.app(), held):
            shop.bot.stop()
            for process in processes:
                process.start()
            for server in balancer.servers:
                await shop.until_serving(server)
            for process in processes:
                await asyncio.to_thread(process.says, "hook.announced")
            yield Hooks(shop, balancer, processes, await _address(shop))
            for process in processes:
                if process.running:
                    process.stop()
        shop.bot.start()
        await asyncio.to_thread(shop.bot.says, "poller.started")


def _hook(world: World, name: str, public_url: str, port: int) -> Process:
    """A web process that is no other than the shop's but for its port and how it hears people."""
    own = {"TELEGRAM_MODE": "webhook", "PUBLIC_URL": public_url, "PORT": str(port)}
    process = replace(world.web, name=name, environment={**world.web.environment, **own}, running=None, starts=0)
    world.processes[name] = process
    return process


async def _address(world: World) -> str:
    info = await world.ask(f"/sandbox/telegram/bot{BOT_TOKEN}/getWebhookInfo")
    return str(info["result"]["url"])


async def test_two_processes_behind_one_address_share_what_people_say_and_sell_once(
    world: World, new_person: NewPerson, hooks: Hooks
) -> None:
    tanya, gleb = await new_person("Таня"), await new_person("Глеб")
    for _ in range(3):
        await tanya.says("/start")
    paid = await tanya.pays_stars(await tanya.orders(STARS))
    assert paid["state"] == "paid"
    await gleb.says("/start")
    await world.at_checkout(await gleb.orders(), "pay")

    for buyer in (tanya, gleb):
        key = await buyer.key()
        await assert_works(world, key, days=30)
        await assert_only(world, key, buyer)
    shares = [len(taken) for taken in hooks.balancer.taken.values()]
    assert min(shares) > 0, shares
    assert max(shares) - min(shares) <= 1, shares


async def test_what_comes_again_to_another_process_counts_once(
    world: World, new_person: NewPerson, hooks: Hooks
) -> None:
    tanya = await new_person("Таня")
    await tanya.says("/start")
    await tanya.pays_stars(await tanya.orders(STARS))
    key = await tanya.key()
    history = await world.ask("/sandbox/telegram/_ctl/updates/history")
    told = next(each["update_id"] for each in reversed(history) if "successful_payment" in each.get("message", {}))
    taken = sum(map(len, hooks.balancer.taken.values()))

    for _ in range(4):
        await world.do(f"/sandbox/telegram/_ctl/updates/{told}/repeat")
        await world.until_bot_heard_all()

    assert sum(map(len, hooks.balancer.taken.values())) == taken + 4
    await world.advance(minutes=1)
    assert "30 дней" in (await tanya.says("/subscription")).text
    await assert_only(world, key, tanya)


async def test_who_does_not_know_the_secret_is_not_heard(world: World, new_person: NewPerson, hooks: Hooks) -> None:
    tanya = await new_person("Таня")
    wrong_path = f"telegram/{'x' * 43}"
    for server in hooks.balancer.servers:
        for secret in (None, "", "x" * 43, BOT_TOKEN):
            assert await hooks.brings(tanya, server, secret) == 404
        assert await hooks.brings(tanya, server, None, path=wrong_path) == 404

    await tanya.says("/start")
    assert await tanya.answers() == 1, "what Telegram itself brings is heard, and nothing else was"


async def test_one_of_two_processes_is_killed_and_the_other_answers_each_word_once(
    world: World, new_person: NewPerson, hooks: Hooks
) -> None:
    """The last one here: nobody starts the killed process again."""
    tanya = await new_person("Таня")
    await tanya.says("/start")
    await world.until_bot_heard_all()
    killed, alive = hooks.balancer.servers
    shares = {server: len(taken) for server, taken in hooks.balancer.taken.items()}

    hooks.processes[0].kill()
    for _ in range(4):
        await tanya.says("/start")

    assert await tanya.answers() == 5
    assert len(hooks.balancer.taken[killed]) == shares[killed]
    assert len(hooks.balancer.taken[alive]) == shares[alive] + 4
