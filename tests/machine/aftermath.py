"""Rules: money goes back, operators decide, subscriptions renew themselves, and time goes by."""

from datetime import timedelta

from hypothesis import strategies as st
from sqlalchemy import update

from backend.audit.service import note
from backend.autopay.service import switch_off
from backend.kit.errors import Unavailable
from backend.kit.money import Money
from backend.orders import decisions
from backend.orders.refunds import refund
from backend.payments.providers.base import PaymentState
from backend.payments.refunds import RefundUnderWay, left_of
from backend.payments.rules import OPEN as UNDER_WAY
from backend.users.models import User
from sandbox.companies import COINGATE_KEY
from tests.machine.buying import Buying
from tests.machine.deeds import NTH, WHO, Play, deed, newest
from tests.machine.there import OPEN, PAID, There
from tests.machine.world import DAY, World

PART = st.sampled_from([1, 2, 3])  # all of it, a half, a third
TIMES = {
    "6 s": timedelta(seconds=6),
    "31 s": timedelta(seconds=31),
    "10 min": timedelta(minutes=10),
    "61 min": timedelta(minutes=61),
    "3 h": timedelta(hours=3),
    "25 h": timedelta(hours=25),
}
CARD_SAYS = ("succeeded", "pending", "canceled:insufficient_funds", "canceled:permission_revoked")


def paid(world: World) -> list[There]:
    return world.things(PAID)


def left(world: World, thing: There) -> int:
    return world.bought(thing)[1] - thing.returned


def in_a_cabinet(world: World) -> list[There]:
    """What a person could give back there."""
    ordinary = (thing for thing in paid(world) if thing.ref not in world.strange)
    return [thing for thing in ordinary if left(world, thing) > 0]


def at_coingate(world: World) -> list[There]:
    return [thing for thing in in_a_cabinet(world) if thing.company == "coingate" and left(world, thing) > 100]


def undecided(world: World) -> list[There]:
    things = {thing.ref: thing for thing in world.things(PAID)}
    return [things[ref] for ref in world.strange if ref in things and ref not in world.decided]


class Aftermath(Play):
    # --- money goes back ---

    @deed(when=paid, nth=NTH, part=PART)
    async def we_give_back(self, nth: int, part: int) -> bool:
        payment = await self.world.books(newest(paid(self.world), nth))
        if payment is None or payment.provider == "coingate":  # there it is a person's work
            return False
        whole = left_of(payment)
        amount = Money(max(whole.minor // part, 1), whole.currency)
        async with self.world.shop.deps.db.transaction() as session:
            deps = self.world.shop.deps
            await refund(session, deps.providers, payment.id, self.world.shop.now, amount=amount)
        return True

    @deed(when=in_a_cabinet, nth=NTH, part=PART)
    async def somebody_gives_back(self, nth: int, part: int) -> None:
        """In the company's cabinet, past us; of Stars all of it, and the bot hears."""
        thing = newest(in_a_cabinet(self.world), nth)
        value = f"{max(left(self.world, thing) // part, 1) / 100:.2f}"
        self.world.meddled.add(thing.ref)
        if thing.company == "stars":
            await self.world.telegram(f"charges/{thing.ref}/refund")
            await self.world.bot_hears()
        elif thing.company == "coingate":
            await self.world.coingate(f"orders/{thing.ref}/refund", amount=value)
        else:
            await self.world.shop.yookassa.act("refunds/external", payment_id=thing.ref, amount=value)
        await self.world.post_comes()

    @deed(when=at_coingate, nth=NTH)
    async def coins_go_back_in_another_order(self, nth: int) -> None:
        """Two refunds are asked for in CoinGate's cabinet, and the later one is made first."""
        thing = newest(at_coingate(self.world), nth)
        self.world.meddled.add(thing.ref)
        wish = {"address": "x", "currency_id": 1, "platform_id": 6, "reason": "r", "email": "a@example.com"}
        wish["ledger_account_id"] = "x"
        asked = []
        with self.world.undisturbed():
            for share in (3, 5):
                answer = await self.world.shop.yookassa.http.post(
                    f"{self.world.shop.town.companies_url}/sandbox/coingate/v2/orders/{thing.ref}/refunds",
                    headers={"Authorization": f"Token {COINGATE_KEY}"},
                    json={**wish, "amount": f"{left(self.world, thing) // share / 100:.2f}"},
                )
                assert answer.is_success, answer.text
                asked.append(answer.json()["id"])
        for refund_id in reversed(asked):
            await self.world.coingate(f"refunds/{refund_id}/settle", status="completed")
            await self.world.post_comes()
            await self.world.works()

    @deed(when=undecided, nth=NTH, accepts=st.booleans())
    async def operator_decides(self, nth: int, accepts: bool) -> bool:
        thing = newest(undecided(self.world), nth)
        payment = await self.world.books(thing)
        if payment is None or payment.state != PaymentState.REVIEW:
            return False
        now, deps = self.world.shop.now, self.world.shop.deps
        try:
            shown = await decisions.look(deps, payment.id, now) if accepts else None
            async with deps.db.transaction() as session:
                if shown is not None:
                    await decisions.accept(session, payment.id, shown, now)
                    about = str(payment.id)
                    await note(session, actor="x", action="payment.review", subject=about, now=now, decision="accept")
                elif not accepts:
                    await decisions.reject(session, payment.id, now)
        except (Unavailable, RefundUnderWay):  # the company does not answer, or its people were faster
            return False
        self.world.decided[thing.ref] = accepts
        return True

    @deed(when=paid, nth=NTH, ends=st.sampled_from(["lost", "won", "stays open"]))
    async def bank_disputes(self, nth: int, ends: str) -> bool:
        thing = newest(paid(self.world), nth)
        payment = await self.world.books(thing)
        if payment is None or payment.state != PaymentState.SUCCEEDED:
            return False
        now, deps = self.world.shop.now, self.world.shop.deps
        async with deps.db.transaction() as session:
            await decisions.open_dispute(session, deps.providers, payment.id, now)
        async with deps.db.transaction() as session:
            if ends == "won":
                await decisions.win_dispute(session, payment.id)
            elif ends == "lost":
                await decisions.lose_dispute(session, deps.providers, payment.id, now)
                self.world.lost_disputes.add(thing.ref)
                self.world.meddled.add(thing.ref)
        return True

    # --- renewals ---

    @deed(who=WHO)
    async def subscribes(self, who: int) -> bool:
        """Agrees to be charged again, pays, and has what he paid for."""
        assert isinstance(self, Buying)
        buyer = self.world.buyers[who]
        tap = f"{buyer.id}:{len(self.world.sales)}"
        sale = await self.world.taps(buyer, "monthly", "card", tap=tap, renew=True)
        mine = [thing for thing in self.world.things("open", company="yookassa") if thing.pid == sale.pid]
        if not mine:
            return False
        await self._pays(mine[0])
        await self.world.works()
        return True

    @deed(who=WHO, unanswered=st.booleans())
    async def charge_comes_due(self, who: int, unanswered: bool) -> bool:
        """Both notices are given and the time to charge comes; `unanswered`: the company is away then."""
        if not await self._is_about_to_be_charged(who):
            return False
        if unanswered:
            self.world.goes_down("yookassa")
        await self.world.advances(timedelta(minutes=11))
        await self.world.works()
        return True

    async def _is_about_to_be_charged(self, who: int) -> bool:
        """Both notices are given, and the time to charge is minutes away. False: nothing is to be charged."""
        if not self.world.agreed(self.world.buyers[who]):
            return False
        ends = [one.paid_until for one in await self.world.buyers[who].subscriptions() if one.paid_until]
        assert self.world.closes_at is not None
        if not ends or not self.world.shop.now <= ends[0] < self.world.closes_at:
            return False
        for before in (3 * DAY, DAY, 12.1 * DAY / 24):
            await self.world.days_pass(ends[0] - before)
        return True

    @deed(who=WHO, way=st.sampled_from(["coins", "sbp"]))
    async def pays_himself_as_a_charge_comes_due(self, who: int, way: str) -> bool:
        """Minutes before, and no webhook tells of it; coins are on their way then."""
        assert isinstance(self, Buying)
        buyer = self.world.buyers[who]
        if not await self._is_about_to_be_charged(who):
            return False
        sale = await self.world.taps(buyer, "monthly", way, tap=f"{buyer.id}:{len(self.world.sales)}")
        mine = [thing for thing in self.world.things(OPEN) if thing.pid == sale.pid]
        if not mine or any(p.initiated_by == "shop" and p.state in UNDER_WAY for p in await buyer.payments()):
            return False
        self.world.travel({"drop": 1})
        if way == "coins":
            await self.world.coingate(f"orders/{mine[0].ref}/pay")
        else:
            await self._pays(mine[0])
        self.world.ahead[mine[0].ref] = self.world.shop.now
        await self.world.advances(timedelta(minutes=11))
        await self.world.works()
        self.world.travel({})
        return True

    @deed(who=WHO)
    async def pays_while_a_charge_hangs(self, who: int) -> bool:
        """In Stars, while the company that was to charge has not answered; then it is back, and is asked again."""
        assert isinstance(self, Buying)
        buyer = self.world.buyers[who]
        if not any(p.initiated_by == "shop" and p.state == PaymentState.NEW for p in await buyer.payments()):
            return False
        sale = await self.world.taps(buyer, "monthly", "stars", tap=f"{buyer.id}:{len(self.world.sales)}")
        if not sale.url or not await self._pays_stars(sale, loses=None):
            return False
        await self.world.works()
        self.world.comes_back("yookassa")
        await self.world.advances(timedelta(minutes=2))
        await self.world.works()
        return True

    @deed(when=lambda world: world.keepers, nth=NTH, says=st.sampled_from(CARD_SAYS))
    async def card_will_say(self, nth: int, says: str) -> bool:
        """How charges of what somebody saved end from now on."""
        saved = self.world.shop.town.companies.yookassa._control.methods.all()
        if saved:
            await self.world.shop.yookassa.act(f"methods/{newest(saved, nth)['id']}", outcome=says)
        return bool(saved)

    @deed(who=WHO)
    async def switches_renewals_off(self, who: int) -> bool:
        buyer, now = self.world.buyers[who], self.world.shop.now
        async with self.world.shop.deps.db.transaction() as session:
            off = await switch_off(session, buyer.id, now, channel="bot")
        self.world.renewals[buyer.id].append((self.world.shop.now, False))
        return off.ended

    # --- people and time ---

    @deed(who=WHO)
    async def operator_blocks(self, who: int) -> None:
        await self._blocks(self.world.buyers[who].id, blocked=True)

    @deed(when=lambda world: world.blocked, nth=NTH)
    async def operator_unblocks(self, nth: int) -> None:
        await self._blocks(newest(sorted(self.world.blocked), nth), blocked=False)

    async def _blocks(self, user_id: int, *, blocked: bool) -> None:
        at = self.world.shop.now if blocked else None
        async with self.world.shop.deps.db.transaction() as session:
            await session.execute(update(User).where(User.id == user_id).values(blocked_at=at))
        (self.world.blocked.add if blocked else self.world.blocked.discard)(user_id)

    @deed(how_long=st.sampled_from(list(TIMES)))
    async def time_passes(self, how_long: str) -> None:
        """The clock moves, and the worker sleeps."""
        await self.world.advances(TIMES[how_long])

    @deed(how_long=st.sampled_from(list(TIMES)))
    async def time_passes_at_work(self, how_long: str) -> None:
        await self.world.advances(TIMES[how_long])
        await self.world.works()

    @deed()
    async def worker_runs(self) -> None:
        await self.world.works()
