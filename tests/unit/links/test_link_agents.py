"""Who gets what at /sub/<token>."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.links.agents import (
    Answer,
    Choice,
    UnknownFormat,
    choose_format,
    classify,
    detect_system,
)
from backend.links.formats import FORMATS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "agent_class"),
    [
        ("TelegramBot (like TwitterBot)", "preview"),
        ("WhatsApp/2.23.20.0", "preview"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "preview"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "preview"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview"),
        ("Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)", "preview"),
        ("SkypeUriPreview Preview/0.5", "preview"),
        ("HiddifyNext/4.1.2 (android) like ClashMeta v2ray sing-box", "links"),
        ("HiddifyNextX/4.1.2 (windows) like ClashMeta v2ray sing-box", "links"),
        ("NekoBox/Android/1.4.2 (Prefer ClashMeta Format)", "links"),
        ("nekobox/4.0.1 (Prefer ClashMeta Format)", "links"),
        ("Throne/1.0.8", "links"),
        ("Karing/1.2.4 clash sing-box", "links"),
        ("SFA/1.12.12 (520; sing-box 1.12.12; language ru_RU)", "singbox"),
        ("SFI/1.12.12 (520; sing-box 1.12.12; language ru_RU)", "singbox"),
        ("SFM/1.11.4", "singbox"),
        ("SFT/1.12.12", "singbox"),
        ("sing-box 1.12.12", "singbox"),
        ("Stash/3.1.1 Clash/1.9.0", "stash"),
        ("clash-verge/v2.4.5", "mihomo"),
        ("FlClash/v0.8.92 clash-verge Platform/macos", "mihomo"),
        ("FlClash X/v0.3.2", "mihomo"),
        ("mihomo/1.19.29", "mihomo"),
        ("ClashMetaForAndroid/2.11.18.Meta", "mihomo"),
        ("clash.meta/v1.19.24", "mihomo"),
        ("ClashX Meta/1.4.27", "mihomo"),
        ("koala-clash/1.0.2", "mihomo"),
        ("prizrak-box/0.2.30", "mihomo"),
        ("Clash Mi/1.0.9", "mihomo"),
        ("ClashForWindows/0.20.39", "mihomo"),
        ("v2rayNG/2.3.5", "xray"),
        ("v2rayN/7.24.8", "xray"),
        ("Happ/3.2.1/Android", "xray"),
        ("Streisand/1.6.40", "xray"),
        ("INCY/1.4", "xray"),
        ("V2Box/9.7.2", "xray"),
        ("Shadowrocket/2070 CFNetwork/1498.700.2 Darwin/23.6.0", "links"),
        ("FoXray/1.8.9", "links"),
        ("v2raytun/android", "links"),
        ("curl/8.14.1", "links"),
        ("", "links"),
        (CHROME, "links"),
    ],
)
def test_every_known_program_has_its_class(user_agent: str, agent_class: str) -> None:
    assert classify(user_agent) == agent_class
    assert classify(user_agent.upper()) == agent_class


def test_a_preview_bot_gets_the_neutral_page_whatever_it_asks_for() -> None:
    for forced in (None, "links", "nonsense"):
        assert choose_format("TelegramBot (like TwitterBot)", BROWSER, forced) == Choice(Answer.PREVIEW)


@pytest.mark.parametrize("user_agent", [CHROME, "", "Happ/3.2.1", "clash-verge/v2.4.5"])
def test_whoever_reads_html_gets_the_page(user_agent: str) -> None:
    assert choose_format(user_agent, BROWSER, None) == Choice(Answer.PAGE)


def test_an_app_that_calls_itself_a_browser_still_gets_a_document() -> None:
    assert choose_format(CHROME, "*/*", None) == Choice(Answer.DOCUMENT, "links")


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
@pytest.mark.parametrize("user_agent", ["v2rayNG/2.3.5", "HiddifyNext/4.1.2 like ClashMeta", "unheard-of/1"])
def test_apps_of_links_and_unknown_ones_get_links(user_agent: str, accept: str) -> None:
    assert choose_format(user_agent, accept, None) == Choice(Answer.DOCUMENT, "links")


@given(user_agent=st.text(), accept=st.text())
def test_an_app_is_never_sent_a_format_that_is_not_there(user_agent: str, accept: str) -> None:
    assert choose_format(user_agent, accept, None).format in FORMATS


@pytest.mark.parametrize("wanted", sorted(FORMATS))
def test_a_format_in_the_address_wins_and_a_browser_saves_it(wanted: str) -> None:
    assert choose_format("v2rayNG/2.3.5", "*/*", wanted) == Choice(Answer.DOCUMENT, wanted)
    assert choose_format(CHROME, BROWSER, wanted) == Choice(Answer.DOCUMENT, wanted, save=True)


@pytest.mark.parametrize("wanted", ["", "LINKS", "pdf", "../links", "\0"])
def test_an_unknown_format_in_the_address_is_refused_and_the_known_ones_are_named(wanted: str) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        choose_format(CHROME, BROWSER, wanted)

    assert refusal.value.status == 400
    assert refusal.value.details == {"known": ", ".join(FORMATS)}


@pytest.mark.parametrize(
    ("user_agent", "system"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15", "ios"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36", "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15", "macos"),
        (CHROME, "linux"),
        ("", "android"),
    ],
)
def test_the_page_opens_on_the_visitors_own_system(user_agent: str, system: str) -> None:
    assert detect_system(user_agent) == system
