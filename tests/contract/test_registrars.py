"""Every registrar there is keeps the promises of the port: told once it is there once, and no is not perhaps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend.kit.errors import Refused, Unavailable
from backend.kit.money import Currency, Money
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown
from backend.receipts.registrars import REGISTRARS, mynalog
from backend.receipts.registrars.base import Annulled, Entry, Reason, Registered, Registrar, Sale
from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.mynalog import MyNalogEmulator
from sandbox.mynalog.books import Person
from sandbox.world import World
from tests.serving import listener, serving, url_of

INN, PASSWORD = "770123456789", "the-password-of-nobody"
HOUR = timedelta(hours=1)


@dataclass
class Harness:
    """One registrar and the service it talks to."""

    registrar: Registrar
    world: World
    http: httpx2.AsyncClient  # its controls
    service: str
    enters: str  # paths of the calls that enter and annul
    annuls: str

    def sale(self, title: str = "Доступ к сервису, 30 дней, заказ 1042", rubles: int = 299) -> Sale:
        return Sale(title, Money(rubles * 100 + 50, Currency.RUB), self.world.clock.now() - timedelta(minutes=5))

    async def entries(self) -> list[Entry]:
        now = self.world.clock.now()
        return [entry async for entry in self.registrar.entries(now - HOUR, now + HOUR)]

    def breaks(self, mode: str, path: str | None = None, **options: Any) -> None:
        self.world.faults.arm(self.service, mode, path=path or self.enters, **options)

    async def control(self, path: str, **body: Any) -> None:
        assert (await self.http.post(path, json=body)).is_success


@asynccontextmanager
async def open_mynalog() -> AsyncIterator[Harness]:
    held = listener()
    url = url_of(held)
    world = World(Clock(), url)
    emulator = MyNalogEmulator(world, Person(INN, PASSWORD))
    async with serving(create_app(world, [emulator]), held):
        base = f"{url}/sandbox/mynalog"
        registrar = make_mynalog(f"{base}/api/v1", PASSWORD)
        async with httpx2.AsyncClient(base_url=f"{base}/_ctl", trust_env=False) as http:
            yield Harness(registrar, world, http, "mynalog", "*/income", "*/cancel")
        await registrar.aclose()


def make_mynalog(url: str, password: str) -> mynalog.MyNalog:
    config = mynalog.Config(_env_file=None, api_url=url, inn=INN, password=password, test=True)  # type: ignore[call-arg]
    return mynalog.MyNalog(config, read_seconds=0.5)


HARNESSES = {"mynalog": open_mynalog}


@pytest.fixture(params=sorted(REGISTRARS))
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    async with HARNESSES[request.param]() as harness:
        yield harness


async def test_a_sale_is_entered_to_the_kopeck_and_its_receipt_can_be_seen_by_anybody(office: Harness) -> None:
    sale = office.sale()

    registered = await office.registrar.register(sale)

    assert isinstance(registered, Registered)
    (entry,) = await office.entries()
    assert (entry.ref, entry.title, entry.amount, entry.annulled) == (registered.ref, sale.title, sale.amount, False)
    assert entry.url == registered.url
    assert abs(entry.sold_at - sale.sold_at) < timedelta(seconds=1)
    async with httpx2.AsyncClient(trust_env=False) as anybody:
        page = await anybody.get(registered.url)
    assert page.status_code == 200
    assert sale.title in page.text
    assert "299.50" in page.text


async def test_what_is_annulled_stays_in_the_books_as_annulled(office: Harness) -> None:
    registered = await office.registrar.register(office.sale())
    assert isinstance(registered, Registered)

    assert isinstance(await office.registrar.annul(registered.ref, Reason.REFUND, office.world.clock.now()), Annulled)

    assert [(entry.ref, entry.annulled) for entry in await office.entries()] == [(registered.ref, True)]


async def test_what_is_annulled_twice_or_never_was_is_a_definite_no(office: Harness) -> None:
    registered = await office.registrar.register(office.sale())
    assert isinstance(registered, Registered)
    await office.registrar.annul(registered.ref, Reason.MISTAKE, office.world.clock.now())

    again = await office.registrar.annul(registered.ref, Reason.MISTAKE, office.world.clock.now())
    never = await office.registrar.annul("nothing", Reason.MISTAKE, office.world.clock.now())

    assert isinstance(again, Rejected)
    assert isinstance(never, Rejected)


@pytest.mark.parametrize("mode", ["lost_before", "lost_after", "reset", "garbage", "slow_body"])
async def test_without_a_whole_answer_nobody_knows_and_only_the_books_tell(office: Harness, mode: str) -> None:
    office.breaks(mode, ms=900)

    result = await office.registrar.register(office.sale())

    assert isinstance(result, Unknown)
    assert len(await office.entries()) == (1 if mode in ("lost_after", "slow_body") else 0)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_trouble_over_there_is_no_refusal(office: Harness, status: int) -> None:
    office.breaks("status", status=status)

    assert isinstance(await office.registrar.register(office.sale()), Unknown)


async def test_too_many_requests_had_no_effect_and_say_when_to_come_again(office: Harness) -> None:
    office.breaks("http_429", retry_after=7)

    assert await office.registrar.register(office.sale()) == NotProcessed(timedelta(seconds=7))


async def test_income_over_the_limit_is_refused_with_the_reason(office: Harness) -> None:
    await office.control("/limit", roubles=500)
    assert isinstance(await office.registrar.register(office.sale()), Registered)

    refused = await office.registrar.register(office.sale("Ещё один заказ"))

    assert isinstance(refused, Rejected)
    assert refused.description
    assert len(await office.entries()) == 1


async def test_a_session_that_ended_is_renewed_on_the_way(office: Harness) -> None:
    await office.registrar.register(office.sale("один"))
    office.world.clock.advance(2 * 3600)

    assert isinstance(await office.registrar.register(office.sale("два")), Registered)
    await office.control("/sessions/end", refreshes=True)
    assert isinstance(await office.registrar.register(office.sale("три")), Registered)

    assert {entry.title for entry in await office.entries()} == {"два", "три"}


async def test_a_sign_in_without_an_answer_sent_nothing(office: Harness) -> None:
    office.breaks("lost_after", "*/auth/lkfl")

    assert await office.registrar.register(office.sale()) == NotProcessed()

    assert await office.entries() == []


async def test_a_wrong_password_is_our_fault(office: Harness) -> None:
    wrong = make_mynalog(f"{office.world.public_url}/sandbox/mynalog/api/v1", "another password")
    try:
        assert isinstance(await wrong.register(office.sale()), Misconfigured)
        with pytest.raises(Refused):
            await wrong.probe()
    finally:
        await wrong.aclose()


async def test_a_probe_says_whose_books_these_are_or_that_nobody_answers(office: Harness) -> None:
    office.breaks("lost_before", "*/auth/lkfl")
    with pytest.raises(Unavailable):
        await office.registrar.probe()

    assert await office.registrar.probe() == office.registrar.account


async def test_books_of_many_pages_are_read_to_their_end(office: Harness) -> None:
    for number in range(53):
        await office.registrar.register(office.sale(f"заказ {number}", rubles=1))

    assert {entry.title for entry in await office.entries()} == {f"заказ {number}" for number in range(53)}


async def test_books_that_cannot_be_read_are_no_empty_books(office: Harness) -> None:
    office.breaks("status", "*/incomes", status=500)

    with pytest.raises(Unavailable):
        await office.entries()


def test_every_registrar_is_tried() -> None:
    assert HARNESSES.keys() == REGISTRARS.keys()
