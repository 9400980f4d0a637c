"""A demo, a Chromium, and as many people as there are tests."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.demo import ROOT, running_demo
from tests.browser.shopper import ARGUMENTS, CHROMIUM, Shopper, shopper

ALBUM = ROOT / "out" / "browser"

NewShopper = Callable[..., Shopper]
NewUser = Callable[..., int]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"skipped: there is no {CHROMIUM} (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo; without a browser it is not even started."""
    home = tmp_path_factory.mktemp("demo")
    home.parent.chmod(0o755)  # where root may not use namespaces, PostgreSQL runs as somebody else
    log = ALBUM / "demo.log"
    with running_demo(home, log) as url:
        yield url
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def new_user(demo: str) -> NewUser:
    """`new_user("Анна", "ru")`: somebody in the emulated Telegram; their id."""

    def register(first_name: str, language_code: str) -> int:
        fields = {"first_name": first_name, "language_code": language_code}
        answer = httpx2.post(f"{demo}/sandbox/telegram/_ctl/users", json=fields, trust_env=False)
        return int(answer.json()["id"])

    return register


@pytest.fixture
def new_shopper(demo: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[NewShopper]:
    """`new_shopper(dark=True)`: a browser of one's own, watched until the end of the test."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
    with ExitStack() as browsers:

        def open_browser(album: str = "", **look: Any) -> Shopper:
            path = ALBUM / (f"{name}-{album}" if album else name)
            return browsers.enter_context(shopper(browser, demo, path, **look))

        yield open_browser
