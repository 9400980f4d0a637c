"""Who asks for a link, and what that program can read. Pure.

Order matters in both tables: Hiddify and NekoBox name other programs in their User-Agent ("like ClashMeta"),
so they stand before those programs, and every rule but the first is anchored at the start.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from backend.kit.errors import Invalid
from backend.links.formats import FORMATS

DEFAULT_FORMAT = "links"  # every app reads it

System = Literal["ios", "android", "windows", "macos", "linux"]


class AgentClass(StrEnum):
    """Programs that want the same answer."""

    PREVIEW = "preview"
    LINKS = "links"
    SINGBOX = "singbox"
    STASH = "stash"
    MIHOMO = "mihomo"
    XRAY = "xray"


AGENTS = [
    (agent_class, re.compile(pattern, re.IGNORECASE))
    for agent_class, pattern in [
        (
            AgentClass.PREVIEW,
            r"TelegramBot|WhatsApp|facebookexternalhit|Twitterbot|Discordbot|Slackbot|vkShare|SkypeUriPreview",
        ),
        (AgentClass.LINKS, r"^Hiddify"),
        (AgentClass.LINKS, r"^(nekobox|nekoray|throne|karing)\b"),
        (AgentClass.SINGBOX, r"^(SFA|SFI|SFM|SFT)/|^sing-box\b"),
        (AgentClass.STASH, r"^stash/"),
        (
            AgentClass.MIHOMO,
            r"^(clash-verge|clash[ .-]?meta|clashmetaforandroid|clashx meta|clash-nyanpasu|clash ?mi\b|mihomo"
            r"|flclash|koala-clash|prizrak-box|flowvy|murge)",
        ),
        (AgentClass.MIHOMO, r"^clash"),
        (AgentClass.XRAY, r"^(Happ|v2rayNG|v2rayN|INCY|V2Box)/|^streisand"),
    ]
]

# Apps of class xray are not here: they read links, and the JSON array only helps when protection is on.
FORMAT_OF = {
    AgentClass.SINGBOX: "singbox",
    AgentClass.STASH: "stash",
    AgentClass.MIHOMO: "mihomo",
}

SYSTEMS: list[tuple[System, re.Pattern[str]]] = [
    ("ios", re.compile(r"iPhone|iPad|iPod")),
    ("android", re.compile(r"Android")),
    ("windows", re.compile(r"Windows")),
    ("macos", re.compile(r"Macintosh|Mac OS X")),
    ("linux", re.compile(r"Linux|X11|CrOS")),
]


class UnknownFormat(Invalid):
    """A link has no such format."""


class Answer(StrEnum):
    """The three kinds of answer at /sub/<token>."""

    PREVIEW = "preview"  # a messenger draws a card: nothing of the person in it
    PAGE = "page"  # a person in a browser
    DOCUMENT = "document"  # an app


@dataclass(frozen=True, slots=True)
class Choice:
    """What to answer; `format` names an entry of FORMATS, `save` asks a browser to keep it as a file."""

    answer: Answer
    format: str = DEFAULT_FORMAT
    save: bool = False


def choose_format(user_agent: str, accept: str, forced: str | None) -> Choice:
    """Decide by preview bot, then `?format=`, then "text/html" in Accept, then the app's name.

    No VPN app sends text/html, and people do set browser names as User-Agent, so Accept is what tells a
    browser from an app.

    Raises:
        UnknownFormat: `forced` is none of FORMATS.
    """
    agent_class = classify(user_agent)
    if agent_class is AgentClass.PREVIEW:
        return Choice(Answer.PREVIEW)
    in_browser = "text/html" in accept.lower()
    if forced is not None:
        if forced not in FORMATS:
            raise UnknownFormat(known=", ".join(FORMATS))
        return Choice(Answer.DOCUMENT, forced, save=in_browser)
    if in_browser:
        return Choice(Answer.PAGE)
    wanted = FORMAT_OF.get(agent_class, DEFAULT_FORMAT)
    return Choice(Answer.DOCUMENT, wanted if wanted in FORMATS else DEFAULT_FORMAT)


def classify(user_agent: str) -> AgentClass:
    """The first class whose rule matches; an unknown program gets what every program reads."""
    for agent_class, pattern in AGENTS:
        if pattern.search(user_agent):
            return agent_class
    return AgentClass.LINKS


def detect_system(user_agent: str) -> System:
    """The system a browser runs on. An iPad says Macintosh: only the page's script can tell."""
    for system, pattern in SYSTEMS:
        if pattern.search(user_agent):
            return system
    return "android"
