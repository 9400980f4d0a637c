"""YooKassa's own Python package buys at the emulator: somebody who has read the API's description without us.

It is no dependency of the product. It lives in an environment of its own, kept in pytest's cache, and is spoken to
over a pipe. Where no package index can be reached these tests are skipped.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import uuid
import venv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from backend.payments.providers.yookassa import YooKassa
from backend.payments.providers.yookassa.config import WEBHOOK_NETS, Config
from tests.contract.yookassa_fixture import RECEIPT, SECRET, SHOP_ID, Yoo, payment, rub, yookassa

pytestmark = pytest.mark.timeout(240)

FOLDER = Path(__file__).parent / "official"
INSTALL_SECONDS = 180


@dataclass
class Official:
    """The package, running somewhere else."""

    process: asyncio.subprocess.Process

    async def ask(self, call: str, *args: Any) -> dict[str, Any]:
        """What it answers to one of the calls of official/talk.py: `answer`, or `error` and what the API said."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": call, "args": args}).encode() + b"\n")
        line = await self.process.stdout.readline()
        assert line, f"the package broke over {call}{args}"
        heard: dict[str, Any] = json.loads(line)
        return heard

    async def gets(self, call: str, *args: Any) -> Any:
        """What it makes of a good answer."""
        heard = await self.ask(call, *args)
        assert "error" not in heard, heard
        return heard["answer"]

    async def fails(self, call: str, *args: Any) -> tuple[str, str, str | None]:
        """Its exception, with the code and the parameter that the API named."""
        heard = await self.ask(call, *args)
        return heard["error"], heard["said"]["code"], heard["said"].get("parameter")


def install(folder: Path) -> Path:
    """The interpreter of an environment with the package, made anew where its requirements are others by now."""
    requirements = FOLDER / "requirements.txt"
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = f"{sys.version}\n{requirements.read_text()}"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    venv.create(folder, clear=True, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries=1"]
    done = subprocess.run(
        [*pip, "--timeout=15", "--require-hashes", f"--requirement={requirements}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    if "(from versions: none)" in done.stderr:
        pytest.skip("skipped: no package index can be reached, and the official package is on one")
    assert done.returncode == 0, done.stderr
    stamp.write_text(wanted)
    return python


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest) -> Path:
    assert request.config.cache is not None
    return install(request.config.cache.mkdir("official-yookassa") / "venv")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Yoo]:
    async with yookassa() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def yoo(running: Yoo) -> Yoo:
    await running.forget()
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def official(python: Path, running: Yoo) -> AsyncIterator[Official]:
    async with talking(python, running, SECRET) as package:
        yield package


@contextlib.asynccontextmanager
async def talking(python: Path, yoo: Yoo, secret: str) -> AsyncIterator[Official]:
    process = await asyncio.create_subprocess_exec(
        *(python, FOLDER / "talk.py", SHOP_ID, secret, f"{yoo.url}/v3"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
    )
    try:
        yield Official(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def key() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("method", ["bank_card", "sbp", "yoo_money"])
async def test_it_buys_by_every_method_and_reads_what_it_bought(yoo: Yoo, official: Official, method: str) -> None:
    opened = await official.gets("create", payment(payment_method_data={"type": method}), key())
    await yoo.ctl(f"/payments/{opened['id']}/pay")
    found = await official.gets("find", opened["id"])

    assert (opened["status"], opened["paid"], opened["amount"]) == ("pending", False, rub("299.00"))
    assert opened["confirmation"]["confirmation_url"].startswith("http")
    assert (found["status"], found["paid"], found["refundable"]) == ("succeeded", True, True)
    assert found["payment_method"]["type"] == method
    assert found["recipient"]["account_id"] == SHOP_ID
    assert found["metadata"]["pid"] == "p-1"


async def test_its_key_protects_it_from_buying_twice(yoo: Yoo, official: Official) -> None:
    mine = key()
    first = await official.gets("create", payment(), mine)
    again = await official.gets("create", payment(), mine)
    refused = await official.fails("create", payment(description="another"), mine)

    assert again["id"] == first["id"]
    assert refused == ("BadRequestError", "invalid_request", "Idempotence-Key")
    assert len((await official.gets("list", {"limit": 10}))["items"]) == 1


async def test_it_reads_a_list_to_its_end_by_the_cursor(yoo: Yoo, official: Official) -> None:
    bought = [(await official.gets("create", payment(), key()))["id"] for _ in range(5)]

    first = await official.gets("list", {"limit": 2})
    second = await official.gets("list", {"limit": 2, "cursor": first["next_cursor"]})
    third = await official.gets("list", {"limit": 2, "cursor": second["next_cursor"]})

    read = [entry["id"] for page in (first, second, third) for entry in page["items"]]
    assert sorted(read) == sorted(bought)
    assert "next_cursor" not in third


async def test_it_takes_a_part_of_what_is_held_and_lets_the_rest_go(yoo: Yoo, official: Official) -> None:
    held = [await official.gets("create", payment(capture=False), key()) for _ in range(2)]
    for each in held:
        await yoo.ctl(f"/payments/{each['id']}/pay")

    waiting = await official.gets("find", held[0]["id"])
    taken = await official.gets("capture", held[0]["id"], {"amount": rub("200.00")}, key())
    gone = await official.gets("cancel", held[1]["id"], key())

    assert waiting["status"] == "waiting_for_capture"
    assert (taken["status"], taken["amount"]) == ("succeeded", rub("200.00"))
    assert gone["status"] == "canceled"
    assert gone["cancellation_details"] == {"party": "merchant", "reason": "canceled_by_merchant"}


async def test_it_gives_money_back_in_parts_and_no_more_than_came(yoo: Yoo, official: Official) -> None:
    done = await yoo.paid()
    mine, about = key(), {"payment_id": done["id"], "amount": rub("100.00")}

    part = await official.gets("refund", about, mine)
    again = await official.gets("refund", about, mine)
    too_much = await official.fails("refund", {**about, "amount": rub("200.00")}, key())
    found = await official.gets("find", done["id"])

    assert (part["status"], part["payment_id"], part["amount"]) == ("succeeded", done["id"], rub("100.00"))
    assert again["id"] == part["id"]
    assert (await official.gets("find_refund", part["id"]))["id"] == part["id"]
    assert too_much[:2] == ("BadRequestError", "invalid_request")
    assert found["refunded_amount"] == rub("100.00")
    listed = await official.gets("list_refunds", {"payment_id": done["id"]})
    assert [entry["id"] for entry in listed["items"]] == [part["id"]]


@pytest.mark.parametrize(
    ("kind", "carries"),
    [
        ("redirect", "confirmation_url"),
        ("mobile_application", "confirmation_url"),
        ("embedded", "confirmation_token"),
        ("qr", "confirmation_data"),
        ("external", "type"),
    ],
)
async def test_it_understands_every_way_to_a_page(yoo: Yoo, official: Official, kind: str, carries: str) -> None:
    wanted = {"type": kind, "return_url": "https://shop.example.net/back"}
    if kind in ("embedded", "external"):
        del wanted["return_url"]

    opened = await official.gets("create", payment(confirmation=wanted, metadata={"order": 72}), key())

    assert opened["confirmation"]["type"] == kind
    assert opened["confirmation"][carries]
    assert opened["metadata"]["order"] == "72"


async def test_it_is_told_where_a_receipt_is_missing(yoo: Yoo, official: Official) -> None:
    await yoo.ctl(f"/shops/{SHOP_ID}", {"fiscalization": True})

    refused = await official.fails("create", payment(), key())
    taken = await official.gets("create", payment(receipt=RECEIPT), key())

    assert refused == ("BadRequestError", "invalid_request", "receipt")
    assert taken["status"] == "pending"


async def test_it_names_what_is_wrong_with_a_request(yoo: Yoo, official: Official, python: Path) -> None:
    unknown = "22d6d597-000f-5000-9000-145f6df21d6f"

    assert await official.fails("find", unknown) == ("NotFoundError", "not_found", "payment_id")
    too_much = await official.fails("create", payment(amount=rub("9999999.00")), key())
    assert (too_much[0], too_much[2]) == ("BadRequestError", "amount.value")
    async with talking(python, yoo, "wrong") as stranger:
        assert (await stranger.fails("me"))[:2] == ("UnauthorizedError", "invalid_credentials")
    me = await official.gets("me")
    assert (me["account_id"], me["test"], me["status"]) == (SHOP_ID, True, "enabled")


async def test_it_understands_every_webhook_we_are_sent(yoo: Yoo, official: Official) -> None:
    done = await yoo.paid()
    await yoo.post("/refunds", {"payment_id": done["id"], "amount": rub("299.00")})
    held = await yoo.paid(capture=False)
    await yoo.post(f"/payments/{held['id']}/cancel")
    hooks = await yoo.shop.wait_for(4)

    read = {}
    for hook in hooks:
        told = await official.gets("notification", json.loads(hook.body))
        read[told["event"]] = (told["kind"], told["object"]["status"])
        assert await official.gets("trusted", hook.source)

    assert read == {
        "payment.succeeded": ("PaymentResponse", "succeeded"),
        "refund.succeeded": ("RefundResponse", "succeeded"),
        "payment.waiting_for_capture": ("PaymentResponse", "waiting_for_capture"),
        "payment.canceled": ("PaymentResponse", "canceled"),
    }


async def test_it_trusts_the_addresses_we_let_in(official: Official) -> None:
    """Of IPv6 it knows only four small parts of the network that the documentation names."""
    nets = [net for net in map(ip_network, WEBHOOK_NETS) if net.version == 4]
    ours = [str(net[place]) for net in nets for place in (0, -1)] + ["2a02:5180:0:1509::1"]
    strangers = [str(net.network_address - 1) for net in nets] + ["2a02:5181::1"]
    driver = YooKassa(Config(_env_file=None, shop_id=SHOP_ID, secret_key=SECRET))

    for address in ours + strangers:
        assert await official.gets("trusted", address) == driver.accepts_from(address) == (address in ours), address
