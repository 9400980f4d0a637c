"""vpn-service refund, review and dispute, as an operator sees them in a terminal."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from backend.audit.models import Action
from backend.notifications.kinds import RefundDecided
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.users.models import User
from tests.integration.refund_cases import ledger, made_there, refund_rows
from tests.integration.terminal import terminal
from tests.integration.test_cli_doctor import shop_of
from tests.integration.test_decisions import in_review
from tests.integration.test_refunds_outside import pays_coins
from tests.integration.test_returns import asks
from tests.shop import Shop

pytestmark = pytest.mark.thorough


async def says(shop: Shop, home: Path, *words: str) -> tuple[str, int]:
    """What a command says, and its exit code."""
    settings = shop_of(shop.town, CLOCK_FILE=str(shop.town.clock_file))
    async with terminal(*words, home=home, **settings) as seen:
        code = await seen.ends()
    return " ".join(seen.text.split()), code


async def actions(shop: Shop) -> list[tuple[str, str, dict[str, object]]]:
    rows = await shop.all(select(Action).order_by(Action.id))
    assert all(row.actor.startswith("cli:") for row in rows)
    return [(row.action, row.subject, row.details) for row in rows]


async def test_a_refund_by_every_name_of_a_payment(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    number, ref = checkout.order_number, (await shop.payment(checkout)).provider_payment_id or ""

    said, code = await says(shop, tmp_path, "refund", str(number), "--amount", "100,00")
    assert (f"Возвращаем 100 ₽ по заказу № {number}" in said, code) == (True, 0), said
    said, code = await says(shop, tmp_path, "refund", ref)
    assert ("Возврат по этому платежу уже оформлен" in said, code) == (True, 1)
    await shop.run_jobs()
    assert await ledger(buyer) == [30, -10]

    for name, amount, answer in (
        (str(checkout.payment_id), "1e3", "«1e3» — не сумма в RUB"),
        (f"№{number}", "300", "осталось меньше"),
        ("1", "1", "Платежа «1» нет"),
    ):
        said, code = await says(shop, tmp_path, "refund", name, "--amount", amount)
        assert (answer in said, code) == (True, 1), said
    said, code = await says(shop, tmp_path, "refund", str(checkout.payment_id))
    assert code == 0
    await shop.run_jobs()

    assert sum(await ledger(buyer)) == 0
    assert [made["amount"]["value"] for made in await made_there(shop)] == ["199.00", "100.00"]
    assert [(action, subject, details["amount"]) for action, subject, details in await actions(shop)] == [
        ("payment.refund", str(checkout.payment_id), "100.00"),
        ("payment.refund", str(checkout.payment_id), "199.00"),
    ]


async def test_what_a_buyer_asks_for_can_be_declined_from_the_terminal(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    await asks(shop, buyer, checkout)

    said, code = await says(shop, tmp_path, "refund", str(checkout.order_number), "--decline")
    assert ("Не возвращаем: 289,04" in said, code) == (True, 0), said
    said, code = await says(shop, tmp_path, "refund", str(checkout.order_number), "--decline")
    assert ("возвращать нечего" in said, code) == (True, 1)
    await shop.run_jobs()

    assert [told.granted for told in buyer.heard(RefundDecided)] == [False]
    assert [row.state for row in await refund_rows(shop)] == ["canceled"]


async def test_several_payments_of_one_order_are_listed(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.orders()
    payment = await shop.payment(checkout)
    assert payment.request_body is not None
    second = await shop.yookassa.send("another-key", payment.request_body)
    for ref in (payment.provider_payment_id or "", second):
        await shop.yookassa.pay_ref(ref)
        await shop.run_jobs()

    said, code = await says(shop, tmp_path, "refund", str(checkout.order_number))

    assert code == 1
    assert all(str(paid.id) in said for paid in await buyer.payments())
    assert await refund_rows(shop) == []


async def test_a_number_that_may_be_coingates_is_no_name_of_an_order(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    coins, _ = await pays_coins(shop, buyer)
    number = str(checkout.order_number)

    said, code = await says(shop, tmp_path, "refund", number)
    assert (f"order:{number}" in said, f"coingate:{number}" in said, code) == (True, True, 1), said
    assert str(checkout.payment_id) in said
    said, code = await says(shop, tmp_path, "refund", f"coingate:{number}")
    assert (f"Платежа «coingate:{number}» нет" in said, code) == (True, 1), said
    said, code = await says(shop, tmp_path, "dispute", number, "opened")
    assert code == 1, said
    assert await refund_rows(shop) == []

    said, code = await says(shop, tmp_path, "refund", f"order:{number}", "--amount", "100")
    assert (f"{checkout.payment_id} · заказ № {number} · " in said, code) == (True, 0), said
    assert said.index(str(checkout.payment_id)) < said.index("Возвращаем 100")
    assert [row.payment_id for row in await refund_rows(shop)] == [checkout.payment_id]
    await shop.run_jobs()

    async with shop.deps.db.transaction() as session:  # an order of ours has the number of another's payment
        await session.execute(
            update(Payment).where(Payment.id == coins.payment_id).values(provider_payment_id=number)
        )
    said, code = await says(shop, tmp_path, "refund", number)
    assert (str(checkout.payment_id) in said, str(coins.payment_id) in said, code) == (True, True, 1), said
    said, code = await says(shop, tmp_path, "dispute", f"coingate:{number}", "opened")
    assert (str(coins.payment_id) in said, code) == (True, 0), said


async def test_an_id_of_coingate_that_no_order_has_is_enough(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    coins, ref = await pays_coins(shop, buyer)

    said, code = await says(shop, tmp_path, "dispute", str(ref), "opened")

    assert (str(coins.payment_id) in said, code) == (True, 0), said
    assert (await shop.payment(coins)).disputed_at is not None


async def test_a_payment_in_review_is_accepted_once(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await in_review(shop, buyer)

    said, code = await says(shop, tmp_path, "review", str(checkout.order_number), "accept")
    assert ("Платёж засчитан, подписка действует до" in said, code) == (True, 0), said
    said, code = await says(shop, tmp_path, "review", str(checkout.order_number), "cancel")
    assert ("не ждёт решения" in said, code) == (True, 1)

    assert await ledger(buyer) == [30]
    assert await actions(shop) == [("payment.review", str(checkout.payment_id), {"decision": "accept"})]


async def test_a_payment_in_review_is_declined_and_its_money_can_go_back(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await in_review(shop, buyer)

    said, code = await says(shop, tmp_path, "review", str(checkout.payment_id), "cancel")

    assert (f"vpn-service refund {checkout.payment_id}" in said, code) == (True, 0), said
    assert (await shop.payment(checkout)).state == PaymentState.CANCELED
    said, code = await says(shop, tmp_path, "refund", str(checkout.payment_id))
    assert code == 0, said
    await shop.run_jobs()
    assert [row.state for row in await refund_rows(shop)] == ["succeeded"]


async def test_a_dispute_from_its_opening_to_its_end(shop: Shop, tmp_path: Path) -> None:
    buyer = await shop.buyer()
    checkout = await buyer.buys()
    number = str(checkout.order_number)

    for standing, answer, code in (
        ("won", "никто не оспаривает", 1),
        ("opened", "Спор отмечен", 0),
        ("won", "Спор выигран", 0),
        ("lost", "Спор проигран", 0),
        ("lost", "возвращать нечего", 1),
    ):
        said, exit_code = await says(shop, tmp_path, "dispute", number, standing)
        assert (answer in said, exit_code) == (True, code), said

    assert sum(await ledger(buyer)) == 0
    (user,) = await shop.all(select(User).where(User.id == buyer.id))
    assert user.flagged_at is not None
    assert [details["decision"] for _, _, details in await actions(shop)] == ["opened", "won", "lost"]
