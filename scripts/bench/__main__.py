"""Measure the shop and print what came of it, as a table and as JSON in out/bench.json."""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from rich.console import Console
from rich.table import Table

from cli.migrations import migrate
from scripts.bench.load import Outcome, Request, fire
from scripts.bench.processes import Machine, cpu_seconds, resident_megabytes
from scripts.bench.shop import Shop, open_shop
from tests.postgres_fixture import throwaway_postgres

OUT = Path(__file__).parents[2] / "out" / "bench.json"
STARTS = 3000
TAPS_A_SECOND, TAP_SECONDS = 100, 15
BUYERS, HEAP = 60, 100
LINK = re.compile(r"/sub/([A-Za-z0-9]+)<")
SUB_RATE, HOOK_RATE, LOAD_SECONDS = 500, 200, 15


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: what it is, how much, and the goal it is held against."""

    name: str
    value: float
    unit: str
    goal: str = ""
    detail: str = ""


def main() -> None:
    figures: list[Figure] = []
    with throwaway_postgres() as dsn, tempfile.TemporaryDirectory() as home:
        migrate(dsn)
        with open_shop(dsn, Path(home)) as shop:
            for measure in (cold_start, starts, taps, keys, settles, links_and_webhooks):
                for figure in measure(shop):
                    figures.append(figure)
                    Console().print(f"{figure.name}: {figure.value} {figure.unit}", style="dim")
    show(figures, Machine.here())


def cold_start(shop: Shop) -> Iterator[Figure]:
    """The whole shop in one process: how soon it answers, and what it keeps in memory after some sales."""
    took = []
    for _ in range(4):  # the first one writes the byte code
        begun = time.perf_counter()
        shop.start("up")
        took.append(time.perf_counter() - begun)
        if len(took) < 4:
            shop.stop("up")
    yield Figure("cold start of `up`, median of 3", round(sorted(took[1:])[1], 2), "s", "< 2", "ready and polling")
    photos = Watch(shop, "sendPhoto")
    for person in shop.people(20, first=1_000_000):
        write(shop, person, "/start")
        tap(shop, person, bot_message(shop, person)["message_id"], "trial")
    until(lambda: len(photos.look()) >= 20)
    yield Figure(
        "memory of `up` after 20 sales", resident_megabytes(shop.pid("up")), "MB", "< 150", "without PostgreSQL"
    )
    shop.stop("up")


def starts(shop: Shop) -> Iterator[Figure]:
    """One bot process against a heap of /start of as many people."""
    for person in shop.people(STARTS // 3, first=2_000_000):
        for _ in range(3):
            write(shop, person, "/start")
    messages = Watch(shop, "sendMessage")
    shop.start("bot")
    before = cpu_seconds(shop.pid("bot")), cpu_seconds(shop.pid("sandbox"))
    until(lambda: len(messages.look()) >= STARTS, within=240)
    spent = [cpu_seconds(shop.pid("bot")) - before[0], cpu_seconds(shop.pid("sandbox")) - before[1]]
    answered = [at(call) for call in messages.seen]
    seconds = max(answered) - min(answered)
    detail = f"processor time: bot {spent[0]:.1f} s, emulator {spent[1]:.1f} s of {seconds:.1f} s"
    yield Figure("/start answered by one bot process", round(STARTS / seconds), "/s", ">= 450", detail)


def taps(shop: Shop) -> Iterator[Figure]:
    """Buttons pressed at a steady rate; from the press to the answer to it."""
    people = shop.people(300, first=3_000_000)
    for person in people:
        write(shop, person, "/start")
    until(lambda: all(bot_message(shop, person) for person in people[-20:]), within=60)
    messages = {person: bot_message(shop, person)["message_id"] for person in people}
    pressed: dict[str, float] = {}
    answers = Watch(shop, "answerCallbackQuery")
    begun = time.perf_counter()
    for number in range(TAPS_A_SECOND * TAP_SECONDS):
        time.sleep(max(0.0, begun + number / TAPS_A_SECOND - time.perf_counter()))
        person = people[number % len(people)]
        answer = tap(shop, person, messages[person], "open:settings" if number // 300 % 2 else "open:help")
        pressed[answer["id"]] = answer["at"]
    until(lambda: len(answers.look()) >= len(pressed), within=60)
    waits = [
        at(call) - pressed[query]
        for call in answers.seen
        if (query := form_value(call["request"], "callback_query_id")) in pressed
    ]
    outcome = Outcome(waits, 0, TAP_SECONDS)
    yield Figure(
        f"a tap at {TAPS_A_SECOND}/s, p99", outcome.quantile(0.99), "ms", "< 100", f"p50 {outcome.quantile(0.5)}"
    )


def keys(shop: Shop) -> Iterator[Figure]:
    """From the provider's webhook to the key in the chat, the provider 150 ms and the panel 50 ms away."""
    shop.start("serve", "worker")
    for service, ms in (("yookassa", 150), ("xui", 50)):
        shop.do("/sandbox/_ctl/faults", {"service": service, "mode": "latency", "ms": ms, "times": None})
    waits, photos = [], Watch(shop, "sendPhoto")
    for person in shop.people(BUYERS, first=4_000_000):
        payment = order(shop, person)
        shop.do(f"/sandbox/yookassa/_ctl/payments/{payment}/pay")
        photo = until(lambda person=person: photos.to(person))[0]  # type: ignore[misc]
        told = next(d for d in shop.ask("/sandbox/yookassa/_ctl/deliveries") if d["object_id"] == payment)
        waits.append(at(photo) - datetime.fromisoformat(told["attempts"][0]["at"]).timestamp())
    outcome = Outcome(waits, 0, 1)
    detail = f"p50 {outcome.quantile(0.5)} ms, {BUYERS} sales, provider 150 ms and panel 50 ms away"
    yield Figure("paid -> key, p99", outcome.quantile(0.99), "ms", "< 1000", detail)
    shop.http.delete(f"{shop.sandbox_url}/sandbox/_ctl/faults")


def settles(shop: Shop) -> Iterator[Figure]:
    """A heap of payments that were told while no worker ran: settled, keys made and sent by one that starts."""
    shop.stop("worker")
    for payment in [order(shop, person) for person in shop.people(HEAP, first=5_000_000)]:
        shop.do(f"/sandbox/yookassa/_ctl/payments/{payment}/pay")
    photos = Watch(shop, "sendPhoto")
    shop.start("worker")
    before = cpu_seconds(shop.pid("sandbox"))
    until(lambda: len(photos.look()) >= HEAP, within=240)
    spent = [cpu_seconds(shop.pid("worker")), cpu_seconds(shop.pid("sandbox")) - before]
    sent = [at(call) for call in photos.seen]
    seconds = max(sent) - min(sent)
    detail = f"processor time: worker {spent[0]:.1f} s with its start, emulator {spent[1]:.1f} s of {seconds:.1f} s"
    yield Figure("payments settled and keys sent by one worker", round(HEAP / seconds), "/s", "", detail)


def links_and_webhooks(shop: Shop) -> Iterator[Figure]:
    """The web process alone: subscription links, and webhooks of the sales before, told again."""
    shop.stop("worker", "bot")
    links = [
        Request.make("GET", "/sub/" + token, {"Host": "x", "User-Agent": "Happ/3.2.1", "Accept": "*/*"})
        for token in tokens(shop)
    ]
    steady = asyncio.run(fire(shop.web_port, links, rate=SUB_RATE, seconds=LOAD_SECONDS))
    full = asyncio.run(fire(shop.web_port, links, rate=None, seconds=LOAD_SECONDS / 2))
    detail = f"p50 {steady.quantile(0.5)} ms, {steady.refused} refused"
    yield Figure(f"/sub at {SUB_RATE}/s, p99", steady.quantile(0.99), "ms", "< 50", detail)
    yield Figure("/sub, as fast as one process answers", full.per_second, "/s", "", f"{full.refused} refused")
    hooks = [
        Request.make(
            "POST",
            shop.webhook_path,
            {"Host": "x", "Content-Type": "application/json", "X-Forwarded-For": "185.71.76.1"},
            json.dumps(delivery["body"]).encode()
            if isinstance(delivery["body"], dict)
            else delivery["body"].encode(),
        )
        for delivery in shop.ask("/sandbox/yookassa/_ctl/deliveries")
    ]
    steady = asyncio.run(fire(shop.web_port, hooks, rate=HOOK_RATE, seconds=LOAD_SECONDS))
    full = asyncio.run(fire(shop.web_port, hooks, rate=None, seconds=LOAD_SECONDS / 2))
    detail = f"p50 {steady.quantile(0.5)} ms, {steady.refused} refused"
    yield Figure(f"webhook acknowledged at {HOOK_RATE}/s, p99", steady.quantile(0.99), "ms", "< 50", detail)
    yield Figure("webhooks, as fast as one process stores them", full.per_second, "/s", "", f"{full.refused} refused")


# --- the person's side


def write(shop: Shop, person: int, text: str) -> None:
    shop.do(f"/sandbox/telegram/_ctl/users/{person}/send", {"text": text})


def tap(shop: Shop, person: int, message_id: int, data: str) -> Any:
    return shop.do(f"/sandbox/telegram/_ctl/users/{person}/tap", {"message_id": message_id, "data": data})


def bot_message(shop: Shop, person: int) -> Any:
    """The bot's newest message to this person; waits for the first."""
    path = f"/sandbox/telegram/_ctl/users/{person}/messages"
    return until(lambda: next((m for m in reversed(shop.ask(path)["messages"]) if not m["outgoing"]), None))


def order(shop: Shop, person: int) -> str:
    """What this new person is to pay for a month by card: the provider's name of it."""
    write(shop, person, "/start")
    message = bot_message(shop, person)["message_id"]
    for words in ("299", "карта"):
        tap(shop, person, message, until(lambda words=words: button(shop, person, words)))  # type: ignore[misc]
    url: str = until(lambda: button(shop, person, "Оплатить"))
    return url.rsplit("/", 1)[-1]


def button(shop: Shop, person: int, words: str) -> str | None:
    """What the button with these words carries, in the bot's first message to this person."""
    for message in shop.ask(f"/sandbox/telegram/_ctl/users/{person}/messages")["messages"]:
        for key in (key for row in message["keyboard"] for key in row):
            if words in key["text"]:
                return str(key.get("callback_data") or key.get("url"))
    return None


def tokens(shop: Shop) -> list[str]:
    """Tokens of the links in the captions that were sent."""
    log = shop.ask("/sandbox/_ctl/log", service="telegram")
    captions = [call["request"] for call in log if call["path"].endswith("/sendPhoto")]
    return sorted({token for text in captions for token in LINK.findall(text)})


@dataclass
class Watch:
    """What is asked of the Bot API by one method from now on; every look fetches only what is new."""

    shop: Shop
    method: str

    def __post_init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        log = self.shop.ask("/sandbox/_ctl/log", service="telegram")
        self._last = log[-1]["id"] if log else 0

    def look(self) -> list[dict[str, Any]]:
        for entry in self.shop.ask("/sandbox/_ctl/log", after=self._last, service="telegram"):
            self._last = entry["id"]
            if entry["path"].endswith(f"/{self.method}"):
                self.seen.append(entry)
        return self.seen

    def to(self, person: int) -> list[dict[str, Any]]:
        return [call for call in self.look() if form_value(call["request"], "chat_id") == str(person)]


def form_value(form: str, name: str) -> str | None:
    """A field of a body: multipart where a file goes with it."""
    _, found, rest = form.partition(f'name="{name}"')
    if found:
        return rest.split("\r\n\r\n", 1)[1].split("\r\n", 1)[0]
    return parse_qs(form).get(name, [None])[0]


def at(call: dict[str, Any]) -> float:
    return datetime.fromisoformat(call["at"]).timestamp()


def until(look: Callable[[], Any], *, within: float = 30) -> Any:
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
    return found


def show(figures: list[Figure], machine: Machine) -> None:
    table = Table(title=f"{machine.processor}, {machine.cores} cores, Python {machine.python}, {machine.commit}")
    for column in ("figure", "value", "goal", "detail"):
        table.add_column(column)
    for figure in figures:
        table.add_row(figure.name, f"{figure.value} {figure.unit}", figure.goal, figure.detail)
    Console(width=140).print(table)
    OUT.parent.mkdir(exist_ok=True)
    report = {"machine": asdict(machine), "figures": [asdict(figure) for figure in figures]}
    OUT.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
