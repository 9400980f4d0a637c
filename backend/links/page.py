"""The pages of a link: what a person sees in a browser. Pure: everything shown is passed in."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backend.kit.i18n import Translate, languages
from backend.links import words
from backend.links.agents import SYSTEMS, System, detect_system
from backend.links.apps import App, Store, catalog
from backend.links.formats.base import Node, Profile
from backend.links.formats.links import vless_link
from backend.links.formats.qr import fits, qr_svg

HERE = Path(__file__).parent
STATIC = HERE / "static"  # served under Visit.static_url

_templates = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at a page, when, and where its buttons lead."""

    t: Translate
    user_agent: str
    now: datetime
    bot_url: str
    static_url: str = "/sub/static"


@dataclass(frozen=True, slots=True)
class ShownApp:
    """An app as a page offers it to one person on one system."""

    id: str
    name: str
    stores: list[Store]
    import_url: str | None


@dataclass(frozen=True, slots=True)
class ShownSystem:
    id: System
    apps: list[ShownApp]


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A node's own link; `qr` is None when it is too long to scan."""

    remark: str
    link: str
    qr: Markup | None


def render_page(profile: Profile, visit: Visit) -> str:
    """The connect page: state, how to connect, link, QR, keys; without servers only the state and the way on."""
    return _render("page.html", visit, page_context(profile, visit))


def render_open(profile: Profile, app_id: str, visit: Visit) -> str:
    """The page that jumps into an app: buttons in Telegram may only lead to http(s).

    Raises:
        UnknownApp: there is no such app on our list; nothing else in the address reaches the page.
    """
    system = detect_system(visit.user_agent)
    app = _shown_app(catalog().get(app_id), system, profile)
    context = {"app": app, "title": profile.title, "link": profile.web_page_url}
    return _render("open.html", visit, context)


def render_preview(visit: Visit) -> str:
    """What a messenger's preview bot gets: nothing that tells one link from another."""
    return _render("preview.html", visit, {})


def render_gone(visit: Visit) -> str:
    """What a person sees at an address that is no link: nothing that tells one from another, or whose shop it is."""
    return _render("gone.html", visit, {})


def page_context(profile: Profile, visit: Visit) -> dict[str, object]:
    """What page.html shows, as values."""
    t, status, end = visit.t, profile.shown_status, profile.expires_at
    return {
        "title": profile.title,
        "status": status.value,
        "mood": "ending" if words.is_ending(status, end, visit.now) else status.value,
        "time_left": words.time_left(t, end, visit.now),
        "moment": t.moment(end, visit.now) if end else "",
        "traffic": words.traffic(t, profile.used_bytes, profile.total_bytes),
        "used_bytes": min(profile.used_bytes, profile.total_bytes),
        "total_bytes": profile.total_bytes,
        "link": profile.web_page_url,
        "link_qr": Markup(qr_svg(profile.web_page_url)),  # noqa: S704 - drawn by us, it holds no text
        "nodes": [_shown_key(node) for node in profile.shown_nodes],
        "systems": [_shown_system(system, profile) for system, _ in SYSTEMS],
        "detected": detect_system(visit.user_agent),
        "languages": languages(),
        "bot_url": visit.bot_url,
        "support_url": profile.support_url,
    }


def _render(template: str, visit: Visit, context: dict[str, object]) -> str:
    def asset(name: str) -> str:
        return f"{visit.static_url}/{name}?v={_fingerprint(name)}"

    return _templates.get_template(template).render(context, t=visit.t, asset=asset)


@cache
def _fingerprint(name: str) -> str:
    """Changes with the file, so that browsers may keep it for a year."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _shown_key(node: Node) -> ShownKey:
    link = vless_link(node)
    return ShownKey(node.remark, link, Markup(qr_svg(link)) if fits(link) else None)  # noqa: S704


def _shown_system(system: System, profile: Profile) -> ShownSystem:
    return ShownSystem(system, [_shown_app(app, system, profile) for app in catalog().shown_on(system)])


def _shown_app(app: App, system: System, profile: Profile) -> ShownApp:
    everywhere = dict.fromkeys(store for stores in app.stores.values() for store in stores)
    stores = app.stores.get(system, list(everywhere))
    return ShownApp(app.id, app.name, stores, app.import_url(profile.web_page_url, profile.title))
