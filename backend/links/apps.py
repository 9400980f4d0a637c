"""The VPN apps we name, read from apps.json: stores move and apps are renamed, and that is no change of code."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from pydantic import TypeAdapter

from backend.kit.errors import NotFound
from backend.links.agents import System


class UnknownApp(NotFound):
    """This app is not on the list."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where an app is installed from; `kind` names its text, `link-store-<kind>`."""

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class App:
    """`deep_link` takes {url}, {enc}, {b64} of the link and {name} of the profile; None: it has no such link."""

    id: str
    name: str
    deep_link: str | None
    stores: dict[System, list[Store]]

    def import_url(self, link: str, title: str) -> str | None:
        """The address that opens this app and adds the link to it."""
        if self.deep_link is None:
            return None
        return self.deep_link.format(
            url=link,
            enc=quote(link, safe=""),
            b64=b64encode(link.encode()).decode(),
            name=quote(title, safe=""),
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """All apps, and per system the ids of those we show, the best first."""

    apps: list[App]
    recommended: dict[System, list[str]]

    def get(self, app_id: str) -> App:
        """Raises: UnknownApp."""
        for app in self.apps:
            if app.id == app_id:
                return app
        raise UnknownApp(app=app_id)

    def shown_on(self, system: System) -> list[App]:
        return [self.get(app_id) for app_id in self.recommended[system]]


@cache
def catalog() -> Catalog:
    """The list as shipped, checked when it is first read."""
    return TypeAdapter(Catalog).validate_json(Path(__file__).with_name("apps.json").read_bytes())
