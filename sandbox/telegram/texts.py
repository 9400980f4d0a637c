"""Text as Telegram takes it: parsed, cleaned, measured, with links and commands found in it."""

import re
from dataclasses import dataclass, field

from sandbox.telegram.links import checked_link
from sandbox.telegram.markup import Entity, parse_html
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.utf16 import cut, units

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
UNTOUCHED = ("code", "pre", "text_link")  # nothing is found inside these
FOUND = (
    ("email", re.compile(r"(?<![\w.@/])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"(?<![\w@])(?:https?://|www\.|t\.me/)[^\s<>\"«»]*[^\s<>\"«»'.,:;!?)\]]")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z]\w{3,31}\b", re.ASCII)),
    ("hashtag", re.compile(r"(?<![\w&#/])#\w{1,256}")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/])", re.ASCII)),
)


@dataclass(frozen=True)
class Formatted:
    """Clean text and its entities, offsets in UTF-16 units."""

    text: str
    entities: list[Entity] = field(default_factory=list)


def message_text(params: Params, *, strict: bool) -> Formatted:
    """The `text` of a call.

    Raises:
        Refusal: it is empty, too long or its markup is wrong.
    """
    formatted = read_formatted(params, "text", "entities", strict=strict)
    if not formatted.text:
        raise bad_request("message text is empty")
    if units(formatted.text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return formatted


def caption(params: Params, *, strict: bool) -> Formatted:
    """The `caption` of a call; it may be empty.

    Raises:
        Refusal: it is too long or its markup is wrong.
    """
    formatted = read_formatted(params, "caption", "caption_entities", strict=strict)
    if units(formatted.text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return formatted


def read_formatted(params: Params, name: str, entities_name: str, *, strict: bool) -> Formatted:
    source = params.text(name).replace("\r", "")
    mode = params.text("parse_mode").lower()
    if mode == "html":
        text, entities = parse_html(source, strict=strict)
    elif mode in ("markdown", "markdownv2"):
        raise bad_request(f"can't parse entities: parse mode {mode} is not emulated here, send HTML")
    elif mode not in ("", "none"):
        raise bad_request("unsupported parse_mode")
    else:
        text, entities = source, params.parsed(entities_name) or []
    return tidy(text, entities, strict=strict)


def tidy(text: str, entities: list[Entity], *, strict: bool = False) -> Formatted:
    """Drop control characters and the white space around, and find links, mentions and commands.

    A control character, NUL too, becomes a space: one unit for one, so offsets stay.
    """
    kept = CONTROL.sub(" ", text)
    left = len(kept) - len(kept.lstrip())
    trimmed = kept.strip()
    moved = [_moved(entity, left, units(trimmed)) for entity in entities]
    said = [entity for entity in moved if entity["length"] > 0]
    return Formatted(trimmed, _ordered([*said, *_find(trimmed, said, strict=strict)]))


def _moved(entity: Entity, left: int, length: int) -> Entity:
    start = max(0, entity["offset"] - left)
    end = min(length, entity["offset"] + entity["length"] - left)
    return {**entity, "offset": start, "length": end - start}


def _find(text: str, said: list[Entity], *, strict: bool) -> list[Entity]:
    taken = [_span(entity) for entity in said if entity["type"] in UNTOUCHED]
    found: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            entity = {"type": kind, "offset": units(text[: match.start()]), "length": units(match[0])}
            start, end = _span(entity)
            free = all(end <= left or start >= right for left, right in taken)
            if free and (kind != "url" or _leads_somewhere(match[0], strict=strict)):
                found.append(entity)
                taken.append((start, end))
    return found


def _span(entity: Entity) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _leads_somewhere(url: str, *, strict: bool) -> bool:
    try:
        checked_link(url, strict=strict)
    except ValueError:
        return False
    return True


def _ordered(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def covered(text: str, entity: Entity) -> str:
    """The text under one entity."""
    return cut(text, entity["offset"], entity["length"])
