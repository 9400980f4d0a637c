"""vpn-service doctor: what was looked at, as a table."""

import typer
from rich.console import Console
from rich.table import Table

from cli.doctor import Finding, Level, examine, failed
from cli.running import operator_language, run_once, say_how_to_call

app = typer.Typer(add_completion=False)

COLORS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
SIGNS = {Level.OK: "✓", Level.WARN: "!", Level.FAIL: "✗"}


@app.command()
def doctor() -> None:
    """Check everything a shop needs and say what to do. Exit code 1 when something is broken."""
    t = operator_language()
    findings = run_once(lambda deps: examine(deps, t))
    _show(findings, title=t("doctor-title"))
    bad = sum(finding.level is Level.FAIL for finding in findings)
    Console().print(t("doctor-ill", count=bad) if bad else t("doctor-well"))
    say_how_to_call(t)
    raise typer.Exit(1 if failed(findings) else 0)


def _show(findings: list[Finding], *, title: str) -> None:
    table = Table(title=title, show_header=False)
    for finding in findings:
        color = COLORS[finding.level]
        advice = f"\n[dim]→ {finding.advice}[/dim]" if finding.advice else ""
        table.add_row(f"[{color}]{SIGNS[finding.level]}[/{color}]", finding.subject, f"{finding.detail}{advice}")
    Console().print(table)
