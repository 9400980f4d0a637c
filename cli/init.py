"""vpn-service init: ask what a shop cannot do without, try each answer at once, write .env.

What is known already, from .env and the environment, is offered. An answer is a variable of this process until the
file is written, so everything reads it just as it will at the start.
"""

import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from textwrap import indent
from urllib.parse import urlsplit

import typer
from dotenv import dotenv_values
from pydantic import ValidationError

from backend.kit.i18n import Translate
from backend.kit.telemetry import configure_logs
from backend.payments.providers import PROVIDERS
from backend.settings import Settings
from backend.vpn.panels import PANELS
from cli import envfile, processes
from cli.doctor import Finding, Level, failed, try_bot, try_panel, try_provider
from cli.names import secret_names
from cli.running import operator_language, say_how_to_call
from cli.wiring import (
    ENV_FILE,
    FIRST_PANEL,
    CannotStart,
    first_panel,
    open_provider,
    open_providers,
    own_secrets,
    read_settings,
    refuse_slips,
)

Closing = Callable[[], Awaitable[None]]

TOKEN, PROXY, ADDRESS, OPERATORS = "TELEGRAM_BOT_TOKEN", "TELEGRAM_PROXY", "PUBLIC_URL", "ADMIN_IDS"
PANEL_URL, PANEL_TOKEN, PANEL_LOGIN = "X3UI_API_URL", "X3UI_API_TOKEN", ("X3UI_USERNAME", "X3UI_PASSWORD")
SIGNS = {Level.OK: ("✓", "green"), Level.WARN: ("!", "yellow"), Level.FAIL: ("✗", "red")}


app = typer.Typer(add_completion=False)


@app.command()
def init() -> None:
    """Set the shop up: a few questions, each answer tried at once and then written to .env."""
    t = operator_language()
    configure_logs("console", "ERROR")
    file = ENV_FILE.absolute()
    before = _read(file, t)
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)  # from here on the environment alone counts, and an answer may be taken back
        interview = Interview(t)
        interview.ask_everything()
        os.chdir(file.parent)
    _write(file, before, interview.given, t)
    _say_what_is_next(t)


def _read(file: Path, t: Translate) -> str:
    """The text of .env; its values become the environment, where that has none."""
    refuse_slips()
    if not os.access(file.parent, os.W_OK):
        raise CannotStart(t("init-unwritable", file=file))
    try:
        content = envfile.read(file)
    except OSError as error:
        raise CannotStart(f"{ENV_FILE} cannot be read: {error.strerror}.") from None
    for name, value in dotenv_values(file, encoding="utf-8-sig").items():
        if not os.environ.get(name.upper()):
            os.environ[name.upper()] = value or ""
    typer.echo(t("init-exists" if content else "init-begin", file=file) + "\n")
    return content


def _forget_what_cannot_be_read() -> None:
    """What is asked anyway need not fit; what is not asked must.

    Raises:
        CannotStart: a setting that no question of ours would mend.
    """
    try:
        Settings()
    except ValidationError as error:
        wrong = {str(problem["loc"][0]).upper() for problem in error.errors()}
        for name in wrong & {TOKEN, ADDRESS, OPERATORS}:
            os.environ.pop(name, None)
    read_settings(telegram_bot_token=os.environ.get(TOKEN) or "1:a")


class Interview:
    """The questions in their order. `given`: what was answered and differs from what was there."""

    def __init__(self, t: Translate) -> None:
        self._t = t
        self._hidden = secret_names()
        self.given: dict[str, str] = {}
        self._out_of_reach = False

    def ask_everything(self) -> None:
        if not os.environ.get("SECRET_KEY"):
            self._take("SECRET_KEY", secrets.token_urlsafe(32))
        _forget_what_cannot_be_read()
        self._settle(self._ask_bot, self._try_bot)
        self._settle(self._ask_address, lambda: list(try_address(read_settings().public_base, self._t)))
        self._settle(self._ask_provider, self._try_provider)
        self._settle(self._ask_panel, self._try_panel)
        self._settle(lambda: self._ask(OPERATORS), self._try_operators)

    def _settle(self, ask: Callable[[], None], attempt: Callable[[], list[Finding]]) -> None:
        """Ask until the answer holds, or is to stay although it does not."""
        while True:
            ask()
            try:
                findings = attempt()
            except CannotStart as wrong:  # such a value would stop every start
                _show([Finding(Level.FAIL, "", str(wrong))])
                continue
            _show(findings)
            if not failed(findings) or choose(self._t, "init-not-good", ("init-again", "init-keep")) == 1:
                typer.echo()
                return

    def _ask(self, name: str, *, needed: bool = False) -> None:
        """One answer. An empty one keeps what is there; where nothing is, it means no."""
        known = os.environ.get(name, "")
        text = self._t(f"init-ask-{name.lower().replace('_', '-')}")
        if known:
            text += f" [{'•••' if name in self._hidden else known}]"
        default = known if known or not needed else None
        answer: str = typer.prompt(text, default, hide_input=name in self._hidden, show_default=False)
        if answer.strip() != known:
            self._take(name, answer.strip())

    def _take(self, name: str, answer: str) -> None:
        self.given[name] = os.environ[name] = answer

    # the questions --------------------------------------------------------------------------------------

    def _ask_bot(self) -> None:
        self._ask(TOKEN, needed=True)
        if self._out_of_reach:
            self._ask(PROXY)

    def _ask_address(self) -> None:
        self._ask(ADDRESS)
        answer = os.environ.get(ADDRESS, "")
        if answer and "://" not in answer:
            self._take(ADDRESS, f"https://{answer}")

    def _ask_provider(self) -> None:
        names = [name for name, driver in PROVIDERS.items() if driver.credentials]
        ready = (place for place, name in enumerate(names) if all(map(os.environ.get, PROVIDERS[name].credentials)))
        texts = [*(f"provider-{name}" for name in names), "init-later"]
        choice = choose(self._t, "init-provider", texts, next(ready, 0))
        self._provider = names[choice] if choice < len(names) else None
        for name in PROVIDERS[self._provider].credentials if self._provider else ():
            self._ask(name, needed=True)

    def _ask_panel(self) -> None:
        by_password = os.environ.get(PANEL_LOGIN[0]) and not os.environ.get(PANEL_TOKEN)
        ways = ("init-panel-token", "init-panel-login", "init-later")
        way = choose(self._t, "init-panel", ways, int(bool(by_password)))
        self._with_panel = way < 2
        if self._with_panel:
            self._ask(PANEL_URL, needed=True)
        if way == 0:
            self._ask(PANEL_TOKEN, needed=True)
        if way == 1:
            for name in PANEL_LOGIN:
                self._ask(name, needed=True)
            if os.environ.get(PANEL_TOKEN):
                self._take(PANEL_TOKEN, "")  # it would be preferred

    # the attempts ---------------------------------------------------------------------------------------

    def _try_bot(self) -> list[Finding]:
        findings = self._run(try_bot(read_settings(), self._t))
        self._out_of_reach = any(finding.advice == self._t("doctor-telegram-away") for finding in findings)
        return findings

    def _try_provider(self) -> list[Finding]:
        provider = open_provider(self._provider) if self._provider else None
        if provider is None:
            return [Finding(Level.WARN, self._t("doctor-providers"), self._t("init-without-provider"))]
        return self._run(try_provider(provider, self._t), provider.aclose)

    def _try_panel(self) -> list[Finding]:
        config = first_panel() if self._with_panel else None
        access = config.access() if config else None
        if config is None or access is None:
            return [Finding(Level.WARN, self._t("doctor-servers"), self._t("init-without-panel"))]
        panel = PANELS[FIRST_PANEL](access)
        return self._run(try_panel(panel, panel.id, "", self._t, wanted=config.inbound_id), panel.aclose)

    def _try_operators(self) -> list[Finding]:
        ids = read_settings().admin_ids
        return [Finding(Level.OK, OPERATORS, ", ".join(map(str, ids)) or "—")]

    def _run(self, findings: AsyncIterator[Finding], close: Closing | None = None) -> list[Finding]:
        async def collect() -> list[Finding]:
            try:
                return [finding async for finding in findings]
            finally:
                if close is not None:
                    await close()

        typer.echo(self._t("init-trying"))
        return processes.run(collect())


def choose(t: Translate, question: str, choices: Sequence[str], first: int = 0, **values: object) -> int:
    """Which of these texts somebody wants; `first` is meant by Enter."""
    typer.echo(t(question, **values))
    for number, choice in enumerate(choices, 1):
        typer.echo(f"  {number}. {t(choice)}")
    while True:
        answer: str = typer.prompt(f"1–{len(choices)}", str(first + 1))
        if answer.strip() in map(str, range(1, len(choices) + 1)):
            return int(answer) - 1


def try_address(base: str, t: Translate) -> Iterator[Finding]:
    """Whether this can be the shop's address. Nobody need answer there yet."""
    if not base:
        yield Finding(Level.WARN, ADDRESS, t("doctor-address-none"), t("doctor-address-none-mend"))
        return
    parts = urlsplit(base)
    if parts.scheme != "https":
        yield Finding(Level.FAIL, ADDRESS, base, t("doctor-address-plain"))
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(parts.hostname, None, proto=socket.IPPROTO_TCP)}
    except OSError:
        yield Finding(Level.FAIL, ADDRESS, t("init-address-unknown", host=parts.hostname), t("init-address-dns"))
        return
    where = ", ".join(sorted(found))
    if all(ip_address(address).is_global for address in found):
        yield Finding(Level.OK, ADDRESS, f"{base} ({where})")
    else:
        yield Finding(Level.FAIL, ADDRESS, t("init-address-private", where=where), t("init-address-dns"))


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        sign, color = SIGNS[finding.level]
        typer.secho(f"  {sign} {f'{finding.subject}: ' if finding.subject else ''}{finding.detail}", fg=color)
        if finding.advice:
            typer.echo(f"    → {finding.advice}")


def _write(file: Path, before: str, given: dict[str, str], t: Translate) -> None:
    if not given:
        typer.echo(t("init-nothing-new"))
        return
    names = ", ".join(given)
    if before and choose(t, "init-change", ("init-write", "init-discard"), names=names) == 1:
        raise typer.Exit(1)
    try:
        envfile.write(file, envfile.changed(before, given))
    except envfile.Unwritable as name:
        raise CannotStart(t("init-unspeakable", name=name, file=file)) from None
    except OSError as error:
        raise CannotStart(f"{t('init-unwritable', file=file)} ({error.strerror})") from None
    typer.secho(t("init-written", names=names, file=file), fg="green")


def _say_what_is_next(t: Translate) -> None:
    settings = read_settings()
    providers = open_providers(own_secrets(settings))
    typer.echo()
    if not settings.public_base:
        typer.echo(t("init-no-hooks"))
    elif told := [provider.id for provider in providers if t.has(f"init-cabinet-{provider.id}")]:
        typer.echo(t("init-hooks"))
        for name in told:
            url = settings.public_base + providers.hook_path(name)
            typer.echo(indent(t(f"init-cabinet-{name}", url=url), "  "))
    typer.echo("\n" + t("init-next"))
    say_how_to_call(t)
