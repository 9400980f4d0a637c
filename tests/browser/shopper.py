"""A person with a browser: taps what stands on the screen, and notices what should not happen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = (390, 844)
DESKTOP = (1280, 800)
PATIENCE = 20_000  # ms
OURS = "127.0.0.1"
SETTLES = 300  # ms until what was opened stands still
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"

expect.set_options(timeout=PATIENCE)


@dataclass
class Shopper:
    """One person in one browser. Screenshots are numbered in the order they are taken."""

    context: BrowserContext
    url: str
    album: Path  # the start of the names of screenshots
    troubles: list[str] = field(default_factory=list)
    taken: int = 0

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE)
        self.context.on("page", self._watch)
        self.chat = self.context.new_page()

    # what they do ---------------------------------------------------------------------------------------

    def arrives(self, user_id: int) -> None:
        """Open the chat as this person and press Start."""
        self.chat.goto(f"{self.url}/chat?user={user_id}")
        self.chat.get_by_test_id("start").click()

    def says(self, text: str) -> None:
        self.chat.get_by_test_id("composer-input").fill(text)
        self.chat.get_by_test_id("send").click()

    def button(self, label: str) -> Locator:
        """The newest button in the chat with these words."""
        words = re.compile(re.escape(label))  # unlike a string, this minds capitals
        return self.chat.get_by_test_id("keyboard-button").filter(has_text=words).last

    def taps(self, label: str) -> None:
        self.button(label).click()

    def follows(self, label: str) -> Page:
        """Tap a button that leads out of the chat; the page that opens."""
        with self.context.expect_page() as opened:
            self.button(label).click()
        opened.value.wait_for_load_state()
        return opened.value

    def orders(self, plan: str, method: str, pay: str) -> Page:
        """From the main menu to the provider's page: three taps."""
        self.taps(plan)
        self.taps(method)
        return self.follows(pay)

    # what they see --------------------------------------------------------------------------------------

    def message(self, words: str) -> Locator:
        """The newest message with these words."""
        return self.chat.get_by_test_id("message").filter(has_text=words).last

    def reads(self, words: str) -> Locator:
        """Wait for a message with these words."""
        found = self.message(words)
        expect(found).to_be_visible()
        return found

    def looks(self, name: str, page: Page | None = None, *, whole: bool = False) -> None:
        """Keep a picture of what is on the screen. Nothing may stick out of it sideways."""
        page = page or self.chat
        page.wait_for_timeout(SETTLES)
        self.taken += 1
        self.album.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{self.album}-{self.taken:02}-{name}.png", full_page=whole, animations="disabled")
        inside, outside = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
        assert outside <= inside, f"{name} is {outside} wide on a screen of {inside}"

    # what should not happen -----------------------------------------------------------------------------

    def _watch(self, page: Page) -> None:
        page.on("request", self._saw_request)
        page.on("console", self._saw_line)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))

    def _saw_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != OURS:
            self.troubles.append(f"left the machine: {request.url}")

    def _saw_line(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text} ({message.location.get('url')})")


@contextmanager
def shopper(
    browser: Browser,
    url: str,
    album: Path,
    *,
    screen: tuple[int, int] = PHONE,
    dark: bool = False,
    language: str = "ru-RU",
) -> Iterator[Shopper]:
    """Somebody with a fresh browser; at the end everything odd that it noticed is a failure."""
    phone = screen[0] < 600
    context = browser.new_context(
        viewport={"width": screen[0], "height": screen[1]},
        device_scale_factor=2,
        is_mobile=phone,
        user_agent=ANDROID if phone else None,
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        locale=language,
        timezone_id="Europe/Moscow",
        permissions=["clipboard-read", "clipboard-write"],
    )
    try:
        person = Shopper(context, url, album)
        yield person
        assert not person.troubles, "\n".join(person.troubles)
    finally:
        context.close()
