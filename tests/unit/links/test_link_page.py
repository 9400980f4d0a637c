"""The pages of a link, read as a browser without scripts reads them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from backend.links.apps import UnknownApp, catalog
from backend.links.formats.base import Profile, Status
from backend.links.formats.links import vless_link
from backend.links.page import STATIC, Visit, render_open, render_page, render_preview

VOID = {"meta", "link", "input", "br", "hr", "img"}
LINK = "https://vpn.example.net/sub/Q7xk2mVbZt9RfLw3HnPd8sYc"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"

MakeProfile = Callable[..., Profile]
MakeVisit = Callable[..., Visit]


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def text(self) -> str:
        return " ".join(" ".join(t for element in self.walk() for t in element.texts).split())

    def all(self, testid: str) -> list["Element"]:
        return [e for e in self.walk() if e.attributes.get("data-testid") == testid]

    def one(self, testid: str) -> "Element":
        (found,) = self.all(testid)
        return found


class Reader(HTMLParser):
    """Builds the tree and insists that every tag is closed where it was opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("root", {})
        self._open = [self.root]
        self.feed(html)
        assert self._open == [self.root], "a tag is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self._open[-1].texts.append(data)


def read(html: str) -> Element:
    return Reader(html).root


def test_an_active_link_shows_until_when_what_is_left_and_what_was_used(
    make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    page = read(render_page(make_profile(), make_visit()))

    assert page.one("status").attributes["data-status"] == "active"
    assert page.one("time-left").text == "Осталось 30 дней"
    assert page.one("until").text == "до 5 января 2027, 14:00 МСК"
    assert page.one("traffic").text == "Трафик 25 ГБ из 100 ГБ"
    assert page.one("link").text == LINK
    assert page.one("renew").attributes["href"] == "https://t.me/fox_vpn_bot"
    assert page.one("support").attributes["href"] == "https://t.me/fox_support"
    assert page.one("qr").children[0].tag == "svg"


def test_the_same_page_in_english(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    page = read(render_page(make_profile(), make_visit("en")))

    assert page.one("time-left").text == "30 days left"
    assert page.one("until").text == "until January 5, 2027, 14:00 MSK"
    assert page.one("traffic").text == "Traffic 25 GB of 100 GB"
    assert "aria-current" in page.one("language-en").attributes
    assert "aria-current" not in page.one("language-ru").attributes
    assert page.one("language-ru").attributes["href"] == "?lang=ru"


def test_every_key_can_be_copied_and_scanned(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    profile = make_profile("strict")

    page = read(render_page(profile, make_visit()))

    for number, node in enumerate(profile.shown_nodes, 1):
        key = page.one(f"key-{number}")
        assert vless_link(node) in key.text
        assert node.remark in key.text
        assert key.one(f"copy-key-{number}").attributes["data-copy"] == f"key-{number}"
        assert key.one(f"key-qr-{number}").children[0].tag == "svg"
    assert not page.all("key-5")


def test_a_key_too_long_to_scan_is_only_copied(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    node = replace(make_profile().nodes[0], pqv="x" * 2603)

    page = read(render_page(make_profile(nodes=(node,)), make_visit()))

    assert vless_link(node) in page.one("key-1").text
    assert not page.all("key-qr-1")


@pytest.mark.parametrize(
    ("status", "way_on"),
    [(Status.EXPIRED, "renew"), (Status.LIMITED, "renew"), (Status.DISABLED, "ask"), (Status.NONE, None)],
)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_link_that_gives_nothing_shows_why_and_the_way_on(
    status: Status, way_on: str | None, language: str, make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    page = read(render_page(make_profile(status=status), make_visit(language)))

    assert page.one("status").attributes["data-status"] == status
    assert page.one("explain").text
    assert [name for name in ("renew", "ask") if page.all(name)] == ([way_on] if way_on else [])
    assert page.one("back").attributes["href"] == "https://t.me/fox_vpn_bot"
    assert "vless://" not in page.text
    assert not page.all("link")


def test_an_ended_link_says_when_it_ended(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    visit = make_visit()
    profile = make_profile(status=Status.EXPIRED, expires_at=visit.now - timedelta(days=2))

    assert "Доступ закончился 5 декабря, 12:30 МСК." in read(render_page(profile, visit)).one("explain").text


def test_a_paid_link_without_a_key_yet_waits_for_it_by_itself(
    make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    page = read(render_page(make_profile(nodes=()), make_visit()))

    assert page.one("status").attributes["data-status"] == "none"
    assert page.one("until").text == "Доступ открыт до 5 января 2027, 14:00 МСК"
    assert [e for e in page.walk() if e.attributes.get("http-equiv") == "refresh"]


def test_the_last_days_are_marked(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    visit = make_visit()
    profile = make_profile(expires_at=visit.now + timedelta(hours=30))

    page = read(render_page(profile, visit))

    assert "state-ending" in page.one("status").attributes["class"]
    assert page.one("time-left").text == "Осталось 2 дня"


@pytest.mark.parametrize(
    ("user_agent", "system", "first"),
    [(ANDROID, "android", "happ"), (WINDOWS, "windows", "happ"), ("X11; Linux x86_64", "linux", "hiddify")],
)
def test_the_visitors_system_is_chosen_and_its_best_app_comes_first(
    user_agent: str, system: str, first: str, make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    page = read(render_page(make_profile(), make_visit(user_agent=user_agent)))

    checked = [e.attributes["id"] for e in page.walk() if "checked" in e.attributes]
    apps = [
        e.attributes["data-testid"]
        for e in page.one(f"panel-{system}").children
        if e.attributes.get("data-testid", "").startswith("app-")
    ]
    assert checked == [f"system-{system}"]
    assert apps[0] == f"app-{first}"
    assert 1 <= len(apps) <= 3


def test_one_tap_adds_the_link_to_the_app(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    page = read(render_page(make_profile(), make_visit()))

    def target(app: str) -> str:
        return page.one("panel-android").one(f"app-{app}").one("import").attributes["href"]

    assert target("happ") == f"happ://add/{LINK}"
    assert target("hiddify") == f"hiddify://import/{LINK}#%D0%9B%D0%B8%D1%81%D0%B0%20VPN"
    assert target("v2rayng") == (
        "v2rayng://install-sub?url=https%3A%2F%2Fvpn.example.net%2Fsub%2FQ7xk2mVbZt9RfLw3HnPd8sYc"
        "#%D0%9B%D0%B8%D1%81%D0%B0%20VPN"
    )


def test_an_app_without_a_deep_link_is_fed_from_the_clipboard(
    make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    app = read(render_page(make_profile(), make_visit())).one("panel-windows").one("app-v2rayn")

    assert not app.all("import")
    assert app.one("copy-for-v2rayn").attributes["data-copy"] == "link"


@pytest.mark.parametrize("app", [app.id for app in catalog().apps])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_jump_page_leads_into_the_app_and_out_again(
    app: str, language: str, make_profile: MakeProfile, make_visit: MakeVisit
) -> None:
    profile, known = make_profile(), catalog().get(app)

    page = read(render_open(profile, app, make_visit(language, ANDROID)))

    jumps = [element.attributes["href"] for element in page.all("go")]
    installs = [e for e in page.walk() if e.attributes.get("data-testid", "").startswith("install-")]
    assert jumps == ([known.import_url(LINK, profile.title)] if known.deep_link else [])
    assert installs
    assert page.one("link").text == LINK
    assert page.one("all-ways").attributes["href"] == LINK


@pytest.mark.parametrize("app", ["", "evil", "../happ", "happ://add", "javascript:alert(1)"])
def test_the_jump_page_knows_no_app_but_ours(app: str, make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    with pytest.raises(UnknownApp):
        render_open(make_profile(), app, make_visit())


def pages(make_profile: MakeProfile, make_visit: MakeVisit) -> list[Element]:
    profiles = [make_profile("strict", status=status) for status in Status] + [make_profile(nodes=())]
    rendered = [render_page(profile, make_visit()) for profile in profiles]
    return [read(html) for html in [*rendered, render_open(profiles[0], "happ", make_visit())]]


def test_no_page_loads_or_runs_anything_its_policy_forbids(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    for page in pages(make_profile, make_visit):
        elements = list(page.walk())
        loaded = [
            e.attributes.get("src") or e.attributes.get("href", "")
            for e in elements
            if e.tag in {"script", "link", "img", "iframe"}
        ]
        assert all(url.startswith(("/sub/static/", "data:")) for url in loaded)
        assert not [e for e in elements if e.tag == "style" or "style" in e.attributes]
        assert not [e for e in elements if any(name.startswith("on") for name in e.attributes)]
        assert not [e for e in elements if e.tag == "script" and e.text]


def test_every_page_is_kept_out_of_search_engines(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    for page in [*pages(make_profile, make_visit), read(render_preview(make_visit()))]:
        robots = [e.attributes["content"] for e in page.walk() if e.attributes.get("name") == "robots"]
        assert robots == ["noindex, nofollow"]


def test_no_id_is_given_twice_and_every_reference_is_there(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    for page in pages(make_profile, make_visit):
        elements = list(page.walk())
        ids = [e.attributes["id"] for e in elements if "id" in e.attributes]
        wanted = {e.attributes[name] for e in elements for name in ("for", "data-copy") if name in e.attributes}
        wanted |= {e.attributes["href"][1:] for e in elements if e.tag == "use"}
        assert len(set(ids)) == len(ids)
        assert wanted <= set(ids)


def test_what_a_person_typed_stays_text(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    nasty = "<script>alert(1)</script>\"'&"
    profile = make_profile(title=nasty, nodes=(replace(make_profile().nodes[0], remark=nasty),))

    for html in (render_page(profile, make_visit()), render_open(profile, "hiddify", make_visit())):
        scripts = [e for e in read(html).walk() if e.tag == "script"]
        assert len(scripts) == 1
        assert nasty in read(html).text


def test_assets_are_named_by_their_content(make_profile: MakeProfile, make_visit: MakeVisit) -> None:
    page = read(render_page(make_profile(), replace(make_visit(), static_url="/elsewhere")))

    loaded = [e.attributes["src"] for e in page.walk() if e.tag == "script"]
    loaded += [e.attributes["href"] for e in page.walk() if e.attributes.get("rel") == "stylesheet"]
    for url in loaded:
        address, version = url.split("?v=")
        assert (STATIC / address.removeprefix("/elsewhere/")).is_file()
        assert len(version) == 12


def test_a_preview_bot_learns_nothing_about_the_link(make_visit: MakeVisit) -> None:
    html = render_preview(make_visit())

    assert "Откройте ссылку в браузере" in html
    assert "sub/" not in html
    assert "vless" not in html
