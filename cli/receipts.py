"""vpn-service receipts …: sales that a registrar has not taken yet."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from backend.kit import clock
from backend.kit.i18n import Translate
from backend.receipts import service
from backend.receipts.models import Receipt
from backend.receipts.service import ReceiptNotFound
from cli.running import operator_language, run_once
from cli.wiring import CannotStart, Deps

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Sales that a registrar has not taken yet.")

Work = Callable[[Deps], Awaitable[None]]

Id = typer.Argument(help="As `receipts list` and the message about it have it.")


@app.command(name="list")
def show() -> None:
    """List what waits, and what waits for you (review)."""
    t = operator_language()

    async def work(deps: Deps) -> Table | None:
        async with deps.db.transaction() as session:
            return _table(await service.unfinished(session), t)

    Console().print(run_once(work) or t("cli-receipts-none"))


@app.command()
def retry(receipt: UUID = Id) -> None:
    """Tell the registrar again, once the reason is mended."""
    t = operator_language()

    async def work(deps: Deps) -> None:
        async with deps.db.transaction() as session:
            await service.retry(session, receipt, clock.now())

    _run(work, t)
    Console().print(t("cli-receipts-again"))


@app.command()
def done(receipt: UUID = Id) -> None:
    """Say that you have entered it, or annulled it, yourself."""
    t = operator_language()

    async def work(deps: Deps) -> None:
        async with deps.db.transaction() as session:
            await service.dismiss(session, receipt)

    _run(work, t)
    Console().print(t("cli-receipts-done"))


def _run(work: Work, t: Translate) -> None:
    try:
        run_once(work)
    except ReceiptNotFound as error:
        raise CannotStart(t(error.code)) from None


def _table(receipts: Sequence[Receipt], t: Translate) -> Table | None:
    if not receipts:
        return None
    table = Table(
        "",
        t("cli-receipts-sold"),
        t("cli-receipts-amount"),
        t("cli-receipts-state"),
        t("cli-receipts-error"),
        title=t("cli-receipts-title"),
    )
    for receipt in receipts:
        sale = service.sale_of(receipt)
        table.add_row(str(receipt.id), sale.title, str(sale.amount), receipt.state, receipt.last_error or "")
    return table
