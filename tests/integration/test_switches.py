"""Providers switched off and on, held, and tried."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from backend.audit.models import Action
from backend.kit import clock
from backend.kit.db import Database
from backend.notifications.kinds import CheckoutReady, Paid
from backend.orders.checkout import Checkout, MethodUnavailable, methods_for
from backend.orders.tryout import start_test
from backend.payments.providers.base import PaymentState
from backend.switches import service as switches
from sandbox.companies import environment
from tests.integration.terminal import terminal
from tests.shop import SECRET_KEY, Shop


async def offered(shop: Shop, db: Database) -> set[str]:
    plan = await shop.plan("monthly")
    async with db.transaction() as session:
        return {offer.provider for offer in await methods_for(session, shop.deps.providers, plan.id)}


async def switch(shop: Shop, *, on: bool) -> bool:
    async with shop.deps.db.transaction() as session:
        if on:
            return await switches.switch_on(session, "yookassa")
        return await switches.switch_off(session, "yookassa", reason="contract", by="cli:root", now=clock.now())


async def test_a_provider_that_is_switched_off_is_offered_by_no_process_from_that_moment(shop: Shop) -> None:
    buyer, other = await shop.buyer(), Database(shop.deps.db.dsn, pool_size=1)
    try:
        before = await offered(shop, other)
        await switch(shop, on=False)

        assert "yookassa" in before
        assert await offered(shop, other) == before - {"yookassa"}
        with pytest.raises(MethodUnavailable):
            await buyer.orders("monthly")

        await switch(shop, on=True)
        assert await offered(shop, other) == before
        assert (await buyer.orders("monthly")).state is PaymentState.PENDING
    finally:
        await other.aclose()


async def test_what_is_under_way_settles_whether_told_or_asked(shop: Shop) -> None:
    told, asked = await shop.buyer(), await shop.buyer()
    first, second = await told.orders("monthly"), await asked.orders("monthly")
    await switch(shop, on=False)

    await shop.yookassa.pay(first.payment_id)
    await shop.yookassa.pay(second.payment_id, webhooks=0)
    await shop.passes(seconds=31)

    assert [line.days for buyer in (told, asked) for line in await buyer.extensions()] == [30, 30]


async def test_a_hold_of_the_audit_and_a_switch_of_an_operator_are_two_things(shop: Shop) -> None:
    db = shop.deps.db
    async with db.transaction() as session:
        held = await switches.hold(session, "yookassa", "two effects of one payment", clock.now())
        again = await switches.hold(session, "yookassa", "two effects of one payment", clock.now())
    await switch(shop, on=False)
    await switch(shop, on=True)
    still = await offered(shop, db)
    async with db.transaction() as session:
        released = await switches.release(session, "yookassa")

    assert (held, again, released) == (True, False, True)
    assert "yookassa" not in still
    assert "yookassa" in await offered(shop, db)


# --- a payment to try a provider with


async def tries(shop: Shop, user_id: int) -> Checkout:
    return await start_test(shop.deps, clock.now(), user_id=user_id, provider="yookassa")


async def test_a_test_is_a_real_order_of_a_day_for_a_rouble_also_while_the_provider_is_off(shop: Shop) -> None:
    operator = await shop.buyer()
    await switch(shop, on=False)

    checkout = await tries(shop, operator.id)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    assert (str(checkout.amount), checkout.days) == ("1\u00a0₽", 1)
    assert checkout.url
    assert [ready.payment_id for ready in operator.heard(CheckoutReady)] == [checkout.payment_id]
    assert len(operator.heard(Paid)) == 1
    assert [line.days for line in await operator.extensions()] == [1]


async def test_a_test_leaves_the_plan_and_limits_of_the_operators_subscription_alone(shop: Shop) -> None:
    operator = await shop.buyer()
    await operator.takes_trial()
    before = await operator.subscription()

    checkout = await tries(shop, operator.id)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()

    after = await operator.subscription()
    assert after.plan_id == before.plan_id
    assert (after.device_limit, after.traffic_limit_bytes) == (before.device_limit, before.traffic_limit_bytes)
    assert [line.days for line in await operator.extensions()] == [7, 1]


# --- the commands


async def test_the_commands_switch_list_and_try(shop: Shop, tmp_path: Path) -> None:
    operator = await shop.buyer()
    async with shop.deps.db.transaction() as session:
        found = await session.execute(text("select telegram_id from users where id = :id"), {"id": operator.id})
        telegram_id = str(found.scalar_one())
    settings = environment(shop.town.companies_url) | {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": shop.town.dsn}
    settings |= {"COINGATE_API_KEY": "", "ADMIN_IDS": f"1,{telegram_id}"}
    provider = ("provider",)

    async with terminal(*provider, "off", "yookassa", "--reason", "новый договор", home=tmp_path, **settings) as seen:
        await seen.sees("yookassa", "Выключен с", "новый договор", "работает")
        assert await seen.ends() == 0
    off = await offered(shop, shop.deps.db)
    async with shop.deps.db.transaction() as session:
        await switches.hold(session, "yookassa", "two effects of one payment", clock.now())
    async with terminal(*provider, "list", home=tmp_path, **settings) as seen:
        await seen.sees("Остановлен проверкой книг с", "two effects of one payment")
        assert await seen.ends() == 0
    async with terminal(*provider, "test", "yookassa", home=tmp_path, **settings) as seen:
        await seen.sees("1", "₽", "http")
        assert await seen.ends() == 0
    async with terminal(*provider, "on", "yookassa", home=tmp_path, **settings) as seen:
        await seen.sees("Остановлен проверкой книг с", "vpn-service audit --release yookassa")
        assert await seen.ends() == 1
    held = await offered(shop, shop.deps.db)
    async with shop.deps.db.transaction() as session:
        await switches.release(session, "yookassa")
    async with terminal(*provider, "list", home=tmp_path, **settings) as seen:
        await seen.sees("продаёт")
        assert await seen.ends() == 0
    async with terminal(*provider, "off", "paypal", home=tmp_path, **settings) as seen:
        await seen.sees("paypal не настроен", "yookassa")
        assert await seen.ends() == 1

    assert "yookassa" not in off | held
    assert "yookassa" in await offered(shop, shop.deps.db)
    assert [payment.amount_minor for payment in await operator.payments()] == [100]
    actions = await shop.all(select(Action).order_by(Action.id))
    assert [(action.action, action.subject) for action in actions] == [
        ("provider.off", "yookassa"),
        ("provider.on", "yookassa"),
    ]
    assert [action.details for action in actions] == [{"reason": "новый договор"}, {}]
    assert actions[0].actor.startswith("cli:")


async def test_a_test_that_nobody_can_pay_says_so(shop: Shop, tmp_path: Path) -> None:
    settings = environment(shop.town.companies_url) | {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": shop.town.dsn}

    async with terminal("provider", "test", "yookassa", home=tmp_path, **settings, ADMIN_IDS="1") as seen:
        await seen.sees("Некому платить", "/start")
        assert await seen.ends() == 1


async def test_metrics_say_what_is_off_open_and_paid(shop: Shop) -> None:
    shop.is_run_by(1)
    await (await shop.buyer()).buys("monthly")
    await shop.webhook({}, address="203.0.113.9")
    await switch(shop, on=False)
    async with shop.deps.db.transaction() as session:
        await switches.disagree(session, "yookassa", "test where live is expected", clock.now())
    await shop.passes(minutes=90)

    metrics = (await shop.http.get("/metrics")).text

    assert 'shop_provider_off{provider="yookassa"} 1.0' in metrics
    assert 'shop_provider_held{provider="yookassa"} 0.0' in metrics
    assert 'shop_provider_differs{provider="yookassa"} 1.0' in metrics
    assert 'shop_circuit_open{provider="yookassa"} 0.0' in metrics
    assert 'shop_payments{provider="yookassa",state="succeeded"} 1.0' in metrics
    assert 'shop_alerts{kind="Sold"} 1.0' in metrics
    assert 'shop_alerts{kind="CallbacksRefused"} 1.0' in metrics
    assert 'shop_webhooks_total{outcome="refused",provider="yookassa"}' in metrics
    assert 'shop_webhooks_total{outcome="stored",provider="yookassa"}' in metrics
    (age,) = [line for line in metrics.splitlines() if line.startswith('shop_sweep_age_seconds{provider="yookassa"}')]
    assert 0 <= float(age.split()[-1]) < 60
