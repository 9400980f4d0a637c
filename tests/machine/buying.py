"""Rules: people tap, pay, pay twice and too late; coins are on their way; Stars are paid in the chat."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from backend.kit import clock
from backend.orders.checkout import check_now
from backend.payments.providers.coingate.bodies import read_order_body
from backend.subscriptions.service import reissue
from sandbox.companies import COINGATE_KEY
from tests.machine.deeds import NTH, WHO, Play, deed, newest
from tests.machine.there import CONFIRMING, OPEN, OVER, There
from tests.machine.world import WAYS, Sale, World

WAY, CODE = st.sampled_from(sorted(WAYS)), st.sampled_from(["monthly", "quarterly"])
OTHER_ACCOUNT = {"account_id": "100501", "gateway_id": "1"}


def at_the_till(world: World) -> list[There]:
    return world.things(OPEN, company="yookassa")


def waiting_for_coins(world: World) -> list[There]:
    return world.things(OPEN, company="coingate")


def confirming(world: World) -> list[There]:
    return world.things(CONFIRMING)


def too_late_for_coins(world: World) -> list[There]:
    orders = world.shop.town.companies.coingate._orders
    return [t for t in world.things(OVER, company="coingate") if world.is_recent(t.at) and orders.is_late(t.document)]


def recent(world: World, company: str) -> list[Sale]:
    return [sale for sale in world.sales if sale.company == company and world.is_recent(sale.at)]


def refused(world: World) -> list[Sale]:
    """Attempts that came to nothing at once, though their request may still arrive."""
    there = {thing.pid for thing in world.things()}
    sales = [*recent(world, "yookassa"), *recent(world, "coingate")]
    return [sale for sale in sales if sale.failed and sale.pid not in there]


def for_stars(world: World) -> list[Sale]:
    paid = {thing.pid for thing in world.things(company="stars")}
    return [sale for sale in recent(world, "stars") if sale.url and sale.pid not in paid]


class Buying(Play):
    @initialize(way=WAY, who=WHO)
    def opens(self, way: str, who: int) -> None:
        """Every shop begins with somebody who buys."""
        self.buys(who=who, way=way, code="monthly")

    @deed(who=WHO, way=WAY, code=CODE)
    async def buys(self, who: int, way: str, code: str) -> None:
        buyer = self.world.buyers[who]
        await self.world.taps(buyer, code, way, tap=f"{buyer.id}:{len(self.world.sales)}")

    @deed(when=lambda world: world.sales, nth=NTH, way=WAY)
    async def tries_again(self, nth: int, way: str) -> None:
        """The same order once more, by this way of paying or another."""
        sale = newest(self.world.sales, nth)
        await self.world.taps(sale.buyer, sale.code, way, tap=sale.tap)

    @deed(when=lambda world: world.sales, nth=NTH)
    async def agrees_to_renewals(self, nth: int) -> None:
        """In the message the order was placed from, which places another beside it."""
        sale = newest(self.world.sales, nth)
        await self.world.taps(sale.buyer, sale.code, "card", tap=sale.tap, renew=True)

    @deed(when=lambda world: world.sales, nth=NTH)
    async def comes_back_to_look(self, nth: int) -> bool:
        sale = newest(self.world.sales, nth)
        for payment in await sale.buyer.payments():  # without what was never paid and is long over
            if str(payment.id) == sale.pid:
                await check_now(self.world.shop.deps, clock.now(), payment_id=payment.id, user_id=sale.buyer.id)
                return True
        return False

    @deed(when=at_the_till, nth=NTH)
    async def pays(self, nth: int) -> None:
        await self._pays(newest(at_the_till(self.world), nth))

    @deed(when=at_the_till, nth=NTH)
    async def pays_another_account(self, nth: int) -> None:
        """What comes is not what was asked for."""
        thing = newest(at_the_till(self.world), nth)
        thing.document["recipient"] = OTHER_ACCOUNT
        self.world.strange.append(thing.ref)
        await self._pays(thing)

    async def _pays(self, thing: There) -> None:
        buyer = self.world.buyer_of(thing)
        await self.world.shop.yookassa.act(f"payments/{thing.ref}/pay")
        (paid,) = [one for one in self.world.things(company="yookassa") if one.ref == thing.ref]
        self.world.keepers[paid.method_id or ""] = buyer
        await self.world.post_comes()

    @deed(when=at_the_till, nth=NTH, reason=st.sampled_from(["insufficient_funds", "card_expired"]))
    async def is_declined(self, nth: int, reason: str) -> None:
        thing = newest(at_the_till(self.world), nth)
        await self.world.shop.yookassa.act(f"payments/{thing.ref}/decline", reason=reason)
        await self.world.post_comes()

    @deed(when=at_the_till, nth=NTH)
    async def lets_it_expire(self, nth: int) -> None:
        thing = newest(at_the_till(self.world), nth)
        await self.world.shop.yookassa.act(f"payments/{thing.ref}/expire")
        await self.world.post_comes()

    @deed(when=lambda world: recent(world, "yookassa"), nth=NTH, held=st.booleans())
    async def pays_twice(self, nth: int, held: bool) -> None:
        """A second payment of one attempt; `held`: its money waits to be taken."""
        body = await self._body(newest(recent(self.world, "yookassa"), nth))
        if held and b'"bank_card"' in body:  # nothing else can be held
            body = body.replace(b'"capture":true', b'"capture":false')
        key = f"another-{len(self.world.things())}"
        with self.world.undisturbed():
            ref = await self.world.shop.yookassa.send(key, body)
        (thing,) = [one for one in at_the_till(self.world) if one.ref == ref]
        await self._pays(thing)

    @deed(when=refused, nth=NTH)
    async def request_arrives_after_all(self, nth: int) -> None:
        """The no to a create was somebody's in between: the company has opened a payment of it."""
        sale = newest(refused(self.world), nth)
        body = await self._body(sale)
        with self.world.undisturbed():
            if sale.company == "yookassa":
                await self.world.shop.yookassa.send(sale.pid, body)
                return
            answer = await self.world.shop.yookassa.http.post(
                f"{self.world.shop.town.companies_url}/sandbox/coingate/v2/orders",
                content=read_order_body(body).order,
                headers={"Authorization": f"Token {COINGATE_KEY}", "Content-Type": "application/json"},
            )
        assert answer.status_code == 200, answer.text

    async def _body(self, sale: Sale) -> bytes:
        (payment,) = [one for one in await sale.buyer.payments() if str(one.id) == sale.pid]
        assert payment.request_body is not None
        return bytes(payment.request_body)

    # --- coins ---

    @deed(when=waiting_for_coins, nth=NTH)
    async def sends_coins(self, nth: int) -> None:
        await self.world.coingate(f"orders/{newest(waiting_for_coins(self.world), nth).ref}/pay")
        await self.world.post_comes()

    @deed(when=confirming, nth=NTH, otherwise=st.booleans())
    async def network_confirms(self, nth: int, otherwise: bool) -> None:
        """`otherwise`: for another price than was asked for."""
        await self._takes_coins(newest(confirming(self.world), nth), "confirm", otherwise=otherwise)

    @deed(when=too_late_for_coins, nth=NTH, otherwise=st.booleans())
    async def coins_come_late(self, nth: int, otherwise: bool) -> None:
        await self._takes_coins(
            newest(too_late_for_coins(self.world), nth), "pay", otherwise=otherwise, amount="late"
        )

    async def _takes_coins(self, thing: There, what: str, *, otherwise: bool, **how: str) -> None:
        if otherwise:
            thing.document["price_amount"] = "1.00"
            self.world.strange.append(thing.ref)
        await self.world.coingate(f"orders/{thing.ref}/{what}", **how)
        await self.world.post_comes()

    @deed(when=confirming, nth=NTH)
    async def network_rejects(self, nth: int) -> None:
        await self.world.coingate(f"orders/{newest(confirming(self.world), nth).ref}/reject")
        await self.world.post_comes()

    @deed(when=waiting_for_coins, nth=NTH, how=st.sampled_from(["expire", "cancel"]))
    async def sends_no_coins(self, nth: int, how: str) -> None:
        await self.world.coingate(f"orders/{newest(waiting_for_coins(self.world), nth).ref}/{how}")
        await self.world.post_comes()

    # --- stars ---

    @deed(when=for_stars, nth=NTH)
    async def pays_stars(self, nth: int) -> bool:
        return await self._pays_stars(newest(for_stars(self.world), nth), loses=None)

    @deed(when=for_stars, nth=NTH)
    async def pays_stars_and_the_bot_dies(self, nth: int) -> bool:
        """The update that tells of it is confirmed and lost."""
        return await self._pays_stars(newest(for_stars(self.world), nth), loses="successful_payment")

    async def _pays_stars(self, sale: Sale, *, loses: str | None) -> bool:
        begun = await self.world.person(sale.buyer, "pay", link=sale.url)
        await self.world.bot_hears(loses=loses)
        url = f"{self.world.shop.town.companies_url}/sandbox/telegram/_ctl"
        found = await self.world.shop.yookassa.http.get(f"{url}/users/{begun['user_id']}/payments/{begun['id']}")
        return bool(found.json()["state"] == "paid")

    # --- what is free ---

    @deed(who=WHO)
    async def takes_the_trial(self, who: int) -> None:
        await self.world.buyers[who].takes_trial()
        self.world.trials.add(self.world.buyers[who].id)

    @deed(who=WHO)
    async def wants_a_new_link(self, who: int) -> bool:
        buyer = self.world.buyers[who]
        subscriptions = await buyer.subscriptions()
        for subscription in subscriptions:
            async with self.world.shop.deps.db.transaction() as session:
                await reissue(session, subscription.id, user_id=buyer.id)
        return bool(subscriptions)
