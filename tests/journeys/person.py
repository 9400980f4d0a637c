"""Somebody with Telegram and a browser."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image

from tests.journeys.world import PATIENCE, World, until

CARD, SBP, WALLET = "Банковская карта", "СБП", "ЮMoney"
BTC, ETH, LTC = "BTC", "ETH", "LTC"
STARS = "Telegram Stars"


@dataclass(frozen=True, slots=True)
class Message:
    """One bubble in the chat."""

    id: int
    text: str
    mine: bool  # written by the person
    codes: Sequence[str]  # what copies on a tap
    buttons: Sequence[Sequence[dict[str, Any]]]
    photo: str | None  # its path in the sandbox

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]

    def place_of(self, label: str) -> tuple[int, int] | None:
        """Row and column of the first button with these words on it."""
        for row, buttons in enumerate(self.buttons):
            for column, button in enumerate(buttons):
                if label in button["text"]:
                    return row, column
        return None

    def __str__(self) -> str:
        keyboard = "".join("\n    " + " | ".join(button["text"] for button in row) for row in self.buttons)
        return f"{'>' if self.mine else '<'} {'[picture] ' if self.photo else ''}{self.text}{keyboard}"


@dataclass(frozen=True, slots=True)
class Key:
    """What arrived in the chat: the subscription link, the key itself, and the picture."""

    link: str
    vless: str
    pictured: str  # what the QR code says
    page: str  # where "connect" leads

    @property
    def uuid(self) -> str:
        return urlsplit(self.vless).username or ""


@dataclass
class Person:
    """A new person acts in the chat and waits for what comes of it."""

    world: World
    id: int

    # what they do ---------------------------------------------------------------------------------------

    async def says(self, text: str) -> Message:
        """Write to the bot; its answer."""
        sent = await self.world.do(f"{self._path}/send", text=text)
        return await self._answer_after(sent["message_id"], f"an answer to {text[:80]!r}")

    async def sends_raw(self, text: str) -> Message:
        """Write what no app would let through; the bot's answer."""
        before = await self.last_message()
        user = await self._user()
        chat = {"id": self.id, "type": "private", "first_name": user["first_name"]}
        message = {"message_id": 1_000_000, "date": 1_700_000_000, "chat": chat, "from": user, "text": text}
        await self.world.do("/sandbox/telegram/_ctl/updates", message=message)
        return await self._answer_after(before.id if before else 0, f"an answer to {len(text)} characters")

    async def taps(self, label: str) -> str:
        """Press the newest button with these words; the notice the bot answers with, mostly empty."""
        message, (row, column) = await self._find(label)
        query = await self.world.do(f"{self._path}/tap", message_id=message.id, row=row, column=column)
        return await self._notice(query["id"], label)

    async def taps_data(self, message: Message, data: str) -> str:
        """Press a button of a message that is not on it (any more)."""
        query = await self.world.do(f"{self._path}/tap", message_id=message.id, data=data)
        return await self._notice(query["id"], data)

    async def address_of(self, label: str) -> str:
        """Where the newest button with these words leads."""
        message, (row, column) = await self._find(label)
        return str(message.buttons[row][column]["url"])

    async def orders(self, method: str = CARD, *, plan: str = "Месяц", pay: str = "Оплатить") -> str:
        """From the main menu to the payment page: two taps, and the third opens this address."""
        await self.taps(plan)
        await self.taps(method)
        return await self.address_of(pay)

    async def pays_stars(self, link: str) -> dict[str, Any]:
        """Press Pay on an invoice; the payment, when the bot has agreed or refused."""
        payment = await self.world.do(f"{self._path}/pay", link=link)

        async def look() -> dict[str, Any] | None:
            now: dict[str, Any] = await self.world.ask(f"{self._path}/payments/{payment['id']}")
            return now if now["state"] != "waiting" else None

        return await until(look, lambda: self._missing("the bot's word on a payment in Stars"))

    async def stars(self) -> int:
        """How many they own."""
        return int((await self.world.ask(f"{self._path}/stars"))["balance"])

    async def blocks(self) -> None:
        await self.world.do(f"{self._path}/block")

    async def unblocks(self) -> None:
        await self.world.do(f"{self._path}/unblock")

    # what they see --------------------------------------------------------------------------------------

    async def chat(self) -> list[Message]:
        """Every message on the screen, oldest first."""
        seen = await self.world.ask(f"{self._path}/messages")
        return [_read(message) for message in seen["messages"]]

    async def last_message(self) -> Message | None:
        """The bot's newest message."""
        return next((message for message in reversed(await self.chat()) if not message.mine), None)

    async def answers(self) -> int:
        """How many messages of the bot there are."""
        return len([message for message in await self.chat() if not message.mine])

    async def reads(self, *words: str, after: Message | None = None, within: float = PATIENCE) -> Message:
        """Wait for a message of the bot with all these words in it, below `after`."""

        async def look() -> Message | None:
            below = [m for m in await self.chat() if not m.mine and (after is None or m.id > after.id)]
            return next((m for m in reversed(below) if all(word in m.text for word in words)), None)

        return await until(look, lambda: self._missing(" … ".join(words)), within=within)

    async def key(self, *, after: Message | None = None, within: float = PATIENCE) -> Key:
        """Wait for a message with a picture that holds a link and a key, below `after`."""

        async def look() -> Message | None:
            below = [m for m in await self.chat() if m.photo and (after is None or m.id > after.id)]
            return next((m for m in reversed(below) if len(m.codes) == 2), None)

        message = await until(look, lambda: self._missing("a key"), within=within)
        link, vless = message.codes
        place = message.place_of("Подключиться") or message.place_of("Connect")
        assert place, f"no way to the connect page:\n{message}"
        return Key(link, vless, await self.decoded(message), str(message.buttons[place[0]][place[1]]["url"]))

    async def decoded(self, message: Message) -> str:
        """What the QR code of a picture says."""
        assert message.photo
        answer = await self.world.http.get(self.world.sandbox_url + message.photo)
        [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
        return str(code.text)

    # plumbing -------------------------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        return f"/sandbox/telegram/_ctl/users/{self.id}"

    async def _user(self) -> dict[str, Any]:
        known = await self.world.ask(self._path)
        names = ("id", "is_bot", "first_name", "last_name", "username", "language_code")
        return {name: known[name] for name in names if name in known}

    async def _answer_after(self, message_id: int, what: str) -> Message:
        async def look() -> Message | None:
            last = await self.last_message()
            return last if last and last.id > message_id else None

        return await until(look, lambda: self._missing(what))

    async def _find(self, label: str) -> tuple[Message, tuple[int, int]]:
        async def look() -> tuple[Message, tuple[int, int]] | None:
            for message in reversed(await self.chat()):
                if place := message.place_of(label):
                    return message, place
            return None

        return await until(look, lambda: self._missing(f"the button {label!r}"))

    async def _notice(self, query: str, label: str) -> str:
        async def look() -> dict[str, Any] | None:
            answer: dict[str, Any] | None = (await self.world.ask(f"{self._path}/queries/{query}"))["answer"]
            return answer

        return (await until(look, lambda: self._missing(f"an answer to the tap on {label!r}"))).get("text") or ""

    async def _missing(self, what: str) -> str:
        return "\n".join([f"{what} never came. The chat:", *map(str, await self.chat())])


def _plain(text: str) -> str:
    """With ordinary spaces where the shop keeps words together."""
    return text.replace("\u00a0", " ")


def _read(message: dict[str, Any]) -> Message:
    units = message["text"].encode("utf-16-le")  # Telegram counts in these
    return Message(
        id=message["message_id"],
        text=_plain(message["text"]),
        mine=message["outgoing"],
        codes=[
            units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")
            for entity in message["entities"]
            if entity["type"] == "code"
        ],
        buttons=[[{**b, "text": _plain(b["text"])} for b in row] for row in message["keyboard"]],
        photo=message["photo"] and message["photo"]["url"],
    )
