"""The HTML parse mode: text with tags into text with entities, with Telegram's errors.

Source: https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp (parse_html) and
https://core.telegram.org/bots/api#html-style
"""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.links import checked_link
from sandbox.telegram.refusal import Refusal, bad_request
from sandbox.telegram.utf16 import units

Entity = dict[str, Any]
KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-zA-Z]+));?")
SPACE = " \t\n\r\0\x0b"  # what the original takes for space; NUL is one of them


@dataclass
class _Open:
    """A start tag that waits for its end."""

    tag: str
    argument: str
    offset: int  # UTF-16 units
    position: int  # in the list of pieces


def parse_html(source: str, *, strict: bool) -> tuple[str, list[Entity]]:
    """The text without tags, and what the tags said.

    Raises:
        Refusal: "can't parse entities: …", with the byte offset where Telegram names it.
    """
    return _Html(source, strict=strict).parse()


class _Html:
    def __init__(self, source: str, *, strict: bool) -> None:
        self.source = source
        self.strict = strict
        self.at = 0
        self.pieces: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if self.source[self.at] != "<":
                self._text()
            elif self._peek(1) == "/":
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            tag = self.open[-1].tag
            raise _refusal(f'Can\'t find end tag corresponding to start tag "{tag}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        return "".join(self.pieces), self.entities

    def _peek(self, ahead: int = 0) -> str:
        return self.source[self.at + ahead : self.at + ahead + 1]

    def _offset(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _text(self) -> None:
        if self.source[self.at] == "&":
            piece, self.at = _reference(self.source, self.at)
        else:
            start, self.at = self.at, _next(self.source, self.at, "<&")
            piece = self.source[start : self.at]
        self.pieces.append(piece)
        self.length += units(piece)

    def _start_tag(self) -> None:
        begin = self._offset(self.at)
        start = self.at + 1
        self.at = _next(self.source, start, SPACE + ">")
        if self.at == len(self.source):
            raise _refusal(f"Unclosed start tag at byte offset {begin}")
        tag = self.source[start : self.at].lower()
        if tag not in KINDS:
            raise _refusal(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while (found := self._attribute(tag, begin)) is not None:
            argument = found or argument
        if tag == "span" and argument != "spoiler":
            raise _refusal(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open.append(_Open(tag, argument, self.length, len(self.pieces)))

    def _attribute(self, tag: str, begin: int) -> str | None:
        """What the next attribute says ("": nothing), or None after the end of the tag, which is consumed."""
        self._skip_space()
        if self._peek() == ">":
            self.at += 1
            return None
        start, self.at = self.at, _next(self.source, self.at, SPACE + "=>")
        name = self.source[start : self.at]
        if not name and self._peek():
            raise _refusal(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_space()
        if tag == "blockquote" and name == "expandable" and self._peek() != "=":
            return name
        if self._peek() not in ("=", ""):
            what = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
            raise _refusal(f"{what} at byte offset {begin}")
        self.at += 1
        self._skip_space()
        if not self._peek():
            raise _refusal(f'Unclosed start tag "{tag}" at byte offset {begin}')
        value = self._attribute_value()
        if not self._peek():
            raise _refusal(f"Unclosed start tag at byte offset {begin}")
        return _argument(tag, name, value)

    def _attribute_value(self) -> str:
        quote = self._peek()
        if quote not in ("'", '"'):
            start = self.at
            token = re.compile(r"[A-Za-z0-9.-]*").match(self.source, start)
            self.at = token.end() if token else start
            if self._peek() and self._peek() not in SPACE + ">":
                raise _refusal(f"Unexpected end of name token at byte offset {self._offset(start)}")
            return self.source[start : self.at].lower()
        self.at += 1
        value: list[str] = []
        while self._peek() not in (quote, ""):
            if self._peek() == "&":
                piece, self.at = _reference(self.source, self.at)
            else:
                piece, self.at = self._peek(), self.at + 1
            value.append(piece)
        self.at += 1 if self._peek() == quote else 0
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self._offset(self.at)
        if not self.open:
            raise _refusal(f"Unexpected end tag at byte offset {begin}")
        start = self.at + 2
        self.at = _next(self.source, start, SPACE + ">")
        name = self.source[start : self.at].lower()
        self._skip_space()
        if self._peek() != ">":
            raise _refusal(f"Unclosed end tag at byte offset {begin}")
        self.at += 1
        opened = self.open[-1]
        if name not in ("", opened.tag):
            expected = f'expected "</{opened.tag}>", found "</{name}>"'
            raise _refusal(f"Unmatched end tag at byte offset {begin}, {expected}")
        self.open.pop()
        if self.length > opened.offset:
            self._add(opened)

    def _skip_space(self) -> None:
        while self._peek() and self._peek() in SPACE:
            self.at += 1

    def _add(self, opened: _Open) -> None:
        kind = KINDS[opened.tag]
        entity: Entity = {"type": kind, "offset": opened.offset, "length": self.length - opened.offset}
        inner = self.entities[-1] if self.entities else {}
        same = inner.get("offset") == entity["offset"] and inner.get("length") == entity["length"]
        if kind == "text_link":
            url = opened.argument or "".join(self.pieces[opened.position :])
            try:
                entity["url"] = checked_link(url, strict=self.strict)
            except ValueError:
                return  # Telegram drops a link that leads nowhere and keeps its text
        elif kind == "custom_emoji":
            if not re.fullmatch(r"[1-9]\d{0,18}", opened.argument):
                raise _refusal("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif kind == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif kind == "code" and opened.argument:
            entity["language"] = opened.argument
        elif kind == "pre" and same and inner["type"] == "code" and inner.get("language"):
            inner["type"] = "pre"
            return
        self.entities.append(entity)


def _next(source: str, start: int, stops: str) -> int:
    return next((i for i in range(start, len(source)) if source[i] in stops), len(source))


def _reference(source: str, at: int) -> tuple[str, int]:
    """The character that the reference at `at` stands for, or the ampersand itself; and where to go on."""
    found = REFERENCE.match(source, at)
    if found is None:
        return "&", at + 1
    decimal, hexadecimal, name = found.groups()
    if name:
        return (CHARACTERS[name], found.end()) if name in CHARACTERS else ("&", at + 1)
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0 < code < 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "&", at + 1
    return chr(code), found.end()


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id")):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    return "expandable" if (tag, name) == ("blockquote", "expandable") else ""


def _refusal(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")
