"""vpn-service texts …: what people accept when they buy."""

import typer
from rich.console import Console
from rich.table import Table

from backend.consents.documents import Texts
from backend.kit.i18n import Translate
from cli.running import operator_language, run_once
from cli.wiring import Deps, look_at_texts, open_texts, prepare, read_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The texts people accept when they buy.")


@app.command(name="list")
def show() -> None:
    """List every document with its version and where it comes from."""
    t = operator_language()
    Console().print(_table(open_texts(read_settings()), t))


@app.command()
def check() -> None:
    """Read the texts and compare them with what was seen under their versions. Exit code 1: one cannot be used."""
    t = operator_language()

    async def work(deps: Deps) -> Table:
        await prepare(deps, opening=False)
        await look_at_texts(deps)
        return _table(deps.texts, t)

    Console().print(run_once(work))
    Console().print(t("cli-texts-fine"))


def _table(texts: Texts, t: Translate) -> Table:
    table = Table(
        t("cli-texts-document"), "", t("cli-texts-version"), t("cli-texts-where"), title=t("cli-texts-title")
    )
    for text in texts:
        where = text.url or (t("cli-texts-built-in") if text.built_in else "TEXTS_DIR")
        table.add_row(text.title, f"{text.name}.{text.language}", "" if text.url else text.version, where)
    return table
