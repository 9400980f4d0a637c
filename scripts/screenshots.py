"""The pictures of the README, from a fresh demo: chat, payment page, connect page."""

import tempfile
from pathlib import Path

import httpx2
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.browser.demo import ROOT, running_demo
from tests.browser.shopper import ARGUMENTS, CHROMIUM, Shopper, shopper

IMAGES = ROOT / "docs" / "images"
SCREEN = (390, 1200)  # as wide as a phone, as high as the message with the key
PORT = 8080  # the one a reader will see
COLOURS = 256


def main() -> None:
    """Write docs/images/{chat,checkout,connect}.png."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        home.chmod(0o755)  # where root may not use namespaces, PostgreSQL runs as somebody else
        with running_demo(home / "demo", home / "demo.log", port=PORT) as url:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            with shopper(browser, url, home / "shot", screen=SCREEN) as anna:
                _buy(anna)
            browser.close()
        for picture in home.glob("shot-*.png"):
            _keep(picture)


def _buy(anna: Shopper) -> None:
    fields = {"first_name": "Анна", "language_code": "ru"}
    user = httpx2.post(f"{anna.url}/sandbox/telegram/_ctl/users", json=fields, trust_env=False).json()
    anna.arrives(user["id"])
    page = anna.orders("Месяц", "Банковская карта", "Оплатить")
    anna.looks("checkout", page)
    page.get_by_test_id("pay").click()
    page.get_by_test_id("code-confirm").click()
    page.get_by_test_id("back").click()
    page.get_by_test_id("connect").click()
    expect(page.get_by_test_id("status")).to_be_visible()
    anna.looks("connect", page)
    anna.reads("Ваш ключ готов")
    anna.looks("chat")


def _keep(picture: Path) -> None:
    """A file of a repository is to be small."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    name = picture.stem.rsplit("-", 1)[-1]
    with Image.open(picture) as image:
        image.convert("RGB").quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
