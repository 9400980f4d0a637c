"""Telegram with somebody who sells for Stars in it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiogram.types import LabeledPrice, Message, PreCheckoutQuery, Update

from tests.contract.telegram_world import TelegramWorld

PRICE = [LabeledPrice(label="Месяц", amount=200)]
PERIOD = 2_592_000


@dataclass
class Seller:
    """A bot that sells one thing for 200 Stars and reads its updates itself."""

    telegram: TelegramWorld
    offset: int = 0

    async def invoice(self, user: int, payload: str = "s1.order", **options: Any) -> int:
        """An invoice in a chat: the id of its message."""
        sent = await self.telegram.bot.send_invoice(user, "VPN", "30 дней", payload, "XTR", PRICE, **options)
        return sent.message_id

    async def link(self, payload: str = "s1.order", *, monthly: bool = False) -> str:
        period = PERIOD if monthly else None
        return await self.telegram.bot.create_invoice_link(
            "VPN", "30 дней", payload, "XTR", PRICE, subscription_period=period
        )

    async def updates(self) -> list[Update]:
        """What came since the last look. They are confirmed by the next one."""
        found = await self.telegram.bot.get_updates(offset=self.offset)
        if found:
            self.offset = found[-1].update_id + 1
        return found

    async def asked(self) -> PreCheckoutQuery:
        """The one question that waits."""
        [update] = await self.updates()
        assert update.pre_checkout_query is not None
        return update.pre_checkout_query

    async def told(self) -> Message:
        """The one message that waits."""
        [update] = await self.updates()
        assert update.message is not None
        return update.message

    async def sell(self, user: int, **what: Any) -> str:
        """Let somebody pay, from the press on Pay to the charge: its id."""
        payment = await self.telegram.do(f"/users/{user}/pay", **what)
        await self.telegram.bot.answer_pre_checkout_query(payment["id"], ok=True)
        self.offset = (await self.telegram.bot.get_updates(offset=-1))[-1].update_id + 1
        paid = await self.payment(payment)
        assert paid["state"] == "paid", paid
        return str(paid["charge_id"])

    async def payment(self, payment: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await self.telegram.ask(f"/users/{payment['user_id']}/payments/{payment['id']}")
        return found

    async def ended(self, payment: dict[str, Any]) -> dict[str, Any]:
        """The payment when it no longer waits for the bot."""
        async with asyncio.timeout(5):
            while (found := await self.payment(payment))["state"] == "waiting":
                await asyncio.sleep(0.05)
        return found

    async def balance(self, user: int) -> int:
        return int((await self.telegram.ask(f"/users/{user}/stars"))["balance"])
