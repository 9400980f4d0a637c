"""What is wrong with the books is found, named, told once, and stops its provider until somebody mends it."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.jobs import AuditBooks, TidyBooks, audit, tidy
from backend.audit.models import Action, Violation
from backend.audit.queries import RULES
from backend.audit.service import audit_books, look
from backend.kit.errors import ShopError
from backend.notifications.kinds import AuditFailed
from backend.notifications.models import Notification
from backend.orders.models import Order
from backend.orders.sweeping import sweep
from backend.payments.inbox import store_event
from backend.payments.models import Event, Payment
from backend.payments.providers.base import Hint
from backend.switches.service import providers_off
from sandbox.companies import environment
from tests.house import ROOT
from tests.integration.test_concurrency import LOCK_WAITS
from tests.outside import until
from tests.shop import SECRET_KEY, Buyer, Shop

pytestmark = pytest.mark.thorough

LIVES = {"yookassa": timedelta(hours=24)}
ANOTHER = """
    insert into payments select (jsonb_populate_record(p, jsonb_build_object(
        'id', '00000000-0000-5000-8000-000000000000', 'idempotence_key', 'another', 'return_token', 'another',
        'provider_payment_id', '{ref}', 'state', '{state}'))).* from payments p
"""
OF_NOBODY = """
    insert into extensions (subscription_id, source, source_id, days, at)
    select id, '{}', 'nobody', 5, paid_until from subscriptions
"""
LOOKED = "insert into audit_checks (rule, violations, checked_at) select '{}', 0, max(at) from extensions"
MANY = """
    with numbers as (select n, gen_random_uuid() s, gen_random_uuid() o, gen_random_uuid() p, :then as t
                       from generate_series(1, 3000) n),
    opened as (
        insert into subscriptions (id, user_id, client_uuid, sub_id, token, link_version, paid_until, blocked,
                                   desired_version, revivals, created_at)
        select s, :buyer, s, s::text, s::text, 1, t + interval '37 days', false, 0, 0, t from numbers),
    placed as (
        insert into orders (id, user_id, subscription_id, kind, plan_snapshot, period_days, amount_minor,
                            currency, client_request_id, expires_at, created_at)
        select o, :buyer, s, 'purchase', '{}', 30, 29900, 'RUB', o::text, t, t from numbers),
    paid as (
        insert into payments (id, order_id, user_id, provider, account, test, method, amount_minor, currency,
                              idempotence_key, initiated_by, return_token, provider_payment_id, state,
                              refunded_minor, save_method, paid_at, next_check_at, check_attempts, created_at)
        select p, o, :buyer, 'yookassa', '1', true, 'bank_card', 29900, 'RUB', p::text, 'buyer', p::text, p::text,
               'succeeded', 0, false, t, t, 0, t from numbers)
    insert into extensions (subscription_id, source, source_id, days, at)
    select s, source, id, days, t from numbers,
           lateral (values ('payment', p::text, 30), ('import', s::text, 7)) given (source, id, days)
"""

# What breaks each rule, and which table has the id that is named.
BREAKS: dict[str, tuple[str, str]] = {
    "one-effect": ("delete from extensions", "payments"),
    "paid-effect": (OF_NOBODY.format("payment"), "nobody"),
    "promised-effect": ("update extensions set days = 402", "payments"),
    "paid-until": ("update subscriptions set paid_until = paid_until + interval '1 millisecond'", "subscriptions"),
    "refunded-within": (
        "alter table payments drop constraint ck_payments_refunded;"
        "update payments set refunded_minor = amount_minor + 1",
        "payments",
    ),
    "days-taken": ("update payments set refunded_minor = amount_minor / 2", "payments"),
    "refund-of-taken": (OF_NOBODY.format("refund"), "nobody"),
    "one-row": (
        "alter table payments drop constraint uq_payments_provider_provider_payment_id;"
        + ANOTHER.replace("'{ref}'", "p.provider_payment_id").format(state="canceled"),
        "refs",
    ),
    "one-object": (ANOTHER.format(ref="another", state="canceled"), "another"),
    "one-charge": (
        "update orders set kind = 'autopay', cycle_key = 'cycle';" + ANOTHER.format(ref="another", state="succeeded"),
        "orders",
    ),
    "as-asked": ("update orders set amount_minor = amount_minor + 1", "payments"),
    "allowed-charge": ("update payments set initiated_by = 'shop'", "payments"),
    "refunded-sum": ("update payments set refunded_minor = 1", "payments"),
    "charge-order": ("update payments set initiated_by = 'shop'", "payments"),
    "logged-decision": ("update payments set review_reason = 'accepted: amount'", "payments"),
    "stale-key": (
        "update subscriptions set desired_version = desired_version + 1;"
        "update servers set failing_since = (select max(at) from extensions) - interval '25 hours';"
        + LOOKED.format("stale-key"),
        "servers",
    ),
    "stale-event": (
        "update inbox set handled_at = null, received_at = received_at - interval '26 hours';"
        + LOOKED.format("stale-event"),
        "inbox",
    ),
    "key-version": ("update vpn_keys set applied_version = applied_version + 1", "vpn_keys"),
    "key-identity": ("update vpn_keys set applied_uuid = gen_random_uuid()", "vpn_keys"),
    "announced-once": ("delete from notifications where kind = 'Paid'", "payments"),
}


class Undone(Exception):
    """What a test did to the books is taken back."""


@contextlib.asynccontextmanager
async def broken(shop: Shop, sql: str) -> AsyncIterator[AsyncSession]:
    """Books that are wrong for as long as the block lasts."""
    with contextlib.suppress(Undone):
        async with shop.deps.db.transaction() as session:
            for statement in sql.split(";"):
                await session.execute(text(statement))
            yield session
            raise Undone


async def spoil(shop: Shop, sql: str) -> None:
    async with shop.deps.db.transaction() as session:
        await session.execute(text(sql))


async def audited(shop: Shop) -> None:
    """The hourly look, and what it has to say is said."""
    await audit(AuditBooks(), shop.deps)
    await shop.run_jobs()


async def sold(shop: Shop) -> Buyer:
    buyer = await shop.buyer()
    await buyer.buys()
    return buyer


def alerts(shop: Shop) -> list[AuditFailed]:
    return [kind for kind in shop.channel.told if isinstance(kind, AuditFailed)]


async def held(shop: Shop) -> frozenset[str]:
    async with shop.deps.db.transaction() as session:
        return await providers_off(session)


def test_every_rule_is_broken_here() -> None:
    assert set(BREAKS) == set(RULES)


@pytest.mark.parametrize("rule", BREAKS)
async def test_a_broken_rule_is_found_with_its_id(shop: Shop, rule: str) -> None:
    await sold(shop)
    sql, table = BREAKS[rule]
    async with shop.deps.db.transaction() as session:
        clean = await look(session, shop.now, LIVES)

    async with broken(shop, sql) as session:
        found = (await look(session, shop.now, LIVES))[rule]
        named = {
            "nobody": "select 'nobody'",
            "another": "select '00000000-0000-5000-8000-000000000000'",
            "refs": "select provider_payment_id from payments limit 1",
        }.get(table, f"select id::text from {table} where id::text <> '00000000-0000-5000-8000-000000000000'")
        subject = await session.scalar(text(named))

    assert not any(clean.values())
    assert [one.subject for one in found] == [subject]
    assert found[0].details
    assert found[0].provider in ("yookassa", None)


@pytest.mark.parametrize("rule", ["stale-key", "stale-event"])
async def test_after_a_rest_of_the_worker_what_waits_has_until_the_next_audit(shop: Shop, rule: str) -> None:
    await sold(shop)
    await shop.passes(hours=3)
    sql = BREAKS[rule][0]
    async with broken(shop, f"delete from audit_checks;{sql}") as session:
        found = (await look(session, shop.now + timedelta(hours=3), LIVES))[rule]

    assert found == []


async def test_two_audits_at_a_time_tell_once(shop: Shop) -> None:
    await sold(shop)
    await spoil(shop, "update orders set amount_minor = amount_minor + 1")
    db = shop.deps.db

    async with db.transaction() as first:
        await audit_books(first, shop.now, LIVES)
        second = asyncio.create_task(audited(shop))
        await until_blocked(shop)
    await second

    assert len(alerts(shop)) == 1
    assert len(await shop.all(select(Violation))) == 1
    await spoil(shop, "update orders set amount_minor = amount_minor - 1")


async def until_blocked(shop: Shop) -> None:
    """Somebody stands before somebody else's lock."""

    async def holds() -> bool:
        async with shop.deps.db.transaction() as session:
            return bool(await session.scalar(LOCK_WAITS))

    await until(holds)


async def test_a_ledger_that_is_longer_than_one_look_is_replayed_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.audit.queries.AT_A_TIME", 2)
    buyers = [await shop.buyer() for _ in range(3)]
    for buyer in buyers:
        await buyer.takes_trial()
        for _ in range(3):
            await buyer.buys()

    async with broken(shop, "update subscriptions set paid_until = paid_until - interval '1 day'") as session:
        found = (await look(session, shop.now, LIVES))["paid-until"]
    async with shop.deps.db.transaction() as session:
        clean = (await look(session, shop.now, LIVES))["paid-until"]

    assert len(found) == 3
    assert clean == []


async def test_what_is_wrong_is_told_once_and_stops_its_provider_until_an_operator_releases_it(shop: Shop) -> None:
    buyer = await sold(shop)
    under_way = await (await shop.buyer()).orders()
    await spoil(shop, "update extensions set days = 402")
    await spoil(shop, "update subscriptions set paid_until = paid_until + interval '372 days'")

    await audited(shop)
    await audited(shop)
    off = await held(shop)
    with pytest.raises(ShopError):
        await buyer.orders()
    await shop.yookassa.pay(under_way.payment_id)
    await shop.run_jobs()
    await spoil(shop, "update extensions set days = 30")
    await spoil(
        shop,
        f"update subscriptions set paid_until = paid_until - interval '372 days' where user_id = {buyer.id}",
    )
    await audited(shop)

    assert [(alert.rule, alert.provider, alert.count) for alert in alerts(shop)] == [
        ("promised-effect", "yookassa", 1)
    ]
    assert off == await held(shop) == {"yookassa"}
    assert (await shop.payment(under_way)).state == "succeeded"
    assert [violation.gone_at is None for violation in await shop.all(select(Violation))] == [False]


async def test_what_no_provider_is_to_blame_for_is_told_and_stops_nobody(shop: Shop) -> None:
    buyer = await shop.buyer()
    await buyer.takes_trial()
    await shop.run_jobs()

    async with broken(shop, "update subscriptions set paid_until = paid_until + interval '1 day'") as session:
        await audit_books(session, shop.now, LIVES)
        told = await session.scalar(select(Notification.payload).where(Notification.kind == "AuditFailed"))
        off = await providers_off(session)

    assert told is not None
    assert (told["rule"], told["provider"]) == ("paid-until", None)
    assert off == frozenset()


async def test_metrics_say_how_the_last_audit_went(shop: Shop) -> None:
    await sold(shop)
    await audited(shop)

    metrics = (await shop.http.get("/metrics")).text

    assert 'shop_audit_violations{rule="one-effect"} 0.0' in metrics
    assert 'shop_audit_timestamp_seconds{rule="paid-until"} 1.' in metrics


async def run_command(shop: Shop, *arguments: str) -> tuple[int, str]:
    """What the command ends with and says, as an operator runs it."""
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **environment(shop.town.companies_url),
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": shop.town.dsn,
        "CLOCK_FILE": str(shop.town.clock_file),
        "LANG": "en_US.UTF-8",
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "cli.main", "audit", *arguments]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=90, check=False
    )
    return done.returncode, done.stdout


async def test_the_command_shows_what_is_wrong_and_releases_only_a_clean_provider(shop: Shop) -> None:
    buyer = await sold(shop)
    (payment,) = await buyer.payments()
    await spoil(shop, "update orders set amount_minor = amount_minor + 1")

    code, said = await run_command(shop)
    refused, _ = await run_command(shop, "--release", "yookassa")
    off = await held(shop)
    await spoil(shop, "update orders set amount_minor = amount_minor - 1")
    clean, released = await run_command(shop, "--release", "yookassa")

    assert (code, refused, clean) == (1, 1, 0)
    assert str(payment.id) in said
    assert "1 entry does not add up" in said
    assert off == {"yookassa"}
    assert "taken again" in released
    assert await held(shop) == frozenset()
    (deed,) = await shop.all(select(Action))
    assert (deed.action, deed.subject) == ("provider.release", "yookassa")


async def test_force_releases_a_provider_whose_books_are_wrong_and_it_is_not_stopped_again_for_the_same(
    shop: Shop,
) -> None:
    await sold(shop)
    await spoil(shop, "update orders set amount_minor = amount_minor + 1")
    await audited(shop)

    code, said = await run_command(shop, "--release", "yookassa", "--force")
    await audited(shop)

    assert code == 1
    assert "stays in this list until it is mended" in said
    (deed,) = await shop.all(select(Action))
    assert deed.details == {"forced": True}
    assert await held(shop) == frozenset()
    await spoil(shop, "update orders set amount_minor = amount_minor - 1")


async def test_a_big_shop_is_audited_in_seconds(shop: Shop) -> None:
    buyer = await shop.buyer()
    values = {"buyer": buyer.id, "then": shop.now - timedelta(days=300)}
    async with shop.deps.db.transaction() as session:
        await session.execute(text(MANY), values)
    started = time.perf_counter()

    async with shop.deps.db.transaction() as session:
        found = await look(session, shop.now, LIVES)

    sys.stdout.write(f"3,000 subscriptions and payments: {time.perf_counter() - started:.1f} s\n")
    assert not any(found.values())
    await spoil(shop, "truncate extensions, payments, orders, subscriptions cascade")


async def test_orders_that_nobody_paid_and_events_that_nobody_proved_are_deleted_in_time(shop: Shop) -> None:
    buyer = await sold(shop)
    abandoned = await buyer.orders("quarterly")
    waiting = await buyer.orders("yearly")
    async with shop.deps.db.transaction() as session:
        made_up = Hint("payment.succeeded", "made-up", "made-up")
        await store_event(session, shop.deps.providers, "yookassa", made_up, b"{}", ip=None, now=shop.now)
    await spoil(
        shop,
        f"update payments set state = 'canceled', next_check_at = '9999-01-01Z' where id = '{abandoned.payment_id}'",
    )
    await spoil(shop, "update orders set created_at = created_at - interval '31 days'")

    await tidy(TidyBooks(), shop.deps)
    unread = {order.id for order in await shop.all(select(Order))}
    await sweep(shop.deps, shop.deps.providers.get("yookassa"), shop.now, far=False)
    await tidy(TidyBooks(), shop.deps)
    kept = len(await shop.all(select(Event).where(~Event.proven)))
    await spoil(shop, "update inbox set received_at = received_at - interval '8 days'")
    await tidy(TidyBooks(), shop.deps)

    orders = {order.id for order in await shop.all(select(Order))}
    assert abandoned.order_id in unread, "nobody knows whether it was paid while the list was not read"
    assert abandoned.order_id not in orders
    assert waiting.order_id in orders
    assert len(orders) == len(await shop.all(select(Payment))) == 2
    assert (kept, len(await shop.all(select(Event).where(~Event.proven)))) == (1, 0)
