"""The list of apps is data, so its mistakes are found here."""

from urllib.parse import urlsplit

import pytest

from backend.kit.i18n import languages, translator
from backend.links.agents import SYSTEMS
from backend.links.apps import App, catalog

LINK = "https://vpn.example.net/sub/Q7xk2mVbZt9RfLw3HnPd8sYc"


def test_every_system_recommends_apps_that_can_be_installed_on_it() -> None:
    for system, _ in SYSTEMS:
        shown = catalog().shown_on(system)
        assert 1 <= len(shown) <= 3
        assert all(app.stores.get(system) for app in shown)


@pytest.mark.parametrize("app", catalog().apps, ids=lambda app: app.id)
def test_an_app_is_told_in_every_language_and_leads_only_to_stores(app: App) -> None:
    for stores in app.stores.values():
        for store in stores:
            assert urlsplit(store.url).scheme == "https"
            assert all(translator(language).has(f"link-store-{store.kind}") for language in languages())


@pytest.mark.parametrize("app", catalog().apps, ids=lambda app: app.id)
def test_a_deep_link_opens_the_app_and_carries_the_link(app: App) -> None:
    target = app.import_url(LINK, "Лиса VPN")

    assert (target is None) == (app.deep_link is None)
    if target is not None:
        assert urlsplit(target).scheme not in {"http", "https", "javascript", "data", ""}
        assert target.isascii()
        assert "Q7xk2mVbZt9RfLw3HnPd8sYc" in target


def test_ids_are_unique() -> None:
    ids = [app.id for app in catalog().apps]

    assert len(set(ids)) == len(ids)
