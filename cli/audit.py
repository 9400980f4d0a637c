"""vpn-service audit: whether everything that must be true of the books is."""

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.audit.service import Audit, audit_books, note
from backend.kit import clock
from backend.kit.i18n import Translate
from backend.switches.service import HELD, release, switches
from cli.running import operator_language, run_once
from cli.who import actor
from cli.wiring import CannotStart, Deps, prepare

app = typer.Typer(add_completion=False)

SHOWN = 20  # ids of one rule


@app.command()
def audit(
    sell_again: str = typer.Option("", "--release", metavar="NAME", help="Take payments by this provider again."),
    force: bool = typer.Option(False, help="With --release: though the books do not add up."),
) -> None:
    """Look at the books as the worker does every hour. Exit code 1: something does not add up."""
    t, console = operator_language(), Console()
    found, held = run_once(_look)
    console.print(_table(found, t))
    if sell_again:
        if not (found.clean or force):
            raise CannotStart(t("cli-audit-not-released", provider=sell_again))
        run_once(lambda deps: _release(deps, sell_again, t, forced=not found.clean))
        console.print(t("cli-audit-released", provider=sell_again))
        if not found.clean:
            console.print(t("cli-audit-forced"))
        held -= {sell_again}
    wrong = sum(map(len, found.found.values()))
    console.print(t("cli-audit-ill", count=wrong) if wrong else t("cli-audit-well"))
    for provider in sorted(held):
        console.print(t("cli-audit-held", provider=provider))
    raise typer.Exit(1 if wrong else 0)


async def _look(deps: Deps) -> tuple[Audit, set[str]]:
    await prepare(deps, opening=False)
    async with deps.db.transaction() as session:
        found = await audit_books(session, clock.now(), {driver.id: driver.key_lives for driver in deps.providers})
        off = [switch.name for switch in await switches(session)]
    return found, {name.removeprefix(HELD) for name in off if name.startswith(HELD)}


async def _release(deps: Deps, provider: str, t: Translate, *, forced: bool) -> None:
    async with deps.db.transaction() as session:
        if not await release(session, provider):
            raise CannotStart(t("cli-audit-not-held", provider=provider))
        who, now = actor(), clock.now()
        await note(session, actor=who, action="provider.release", subject=provider, now=now, forced=forced)


def _table(audit: Audit, t: Translate) -> Table:
    table = Table(title=t("cli-audit-title"), show_header=False)
    for rule, wrong in audit.found.items():
        lines = [f"[dim]{escape(f'{one.subject}: {one.details}')}[/dim]" for one in wrong[:SHOWN]]
        more = [t("operator-audit-more", count=len(wrong) - SHOWN)] if len(wrong) > SHOWN else []
        sign = "[red]✗[/red]" if wrong else "[green]✓[/green]"
        table.add_row(sign, rule, "\n".join([escape(t(f"audit-{rule}")), *lines, *more]))
    return table
