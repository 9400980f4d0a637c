"""A text of the shop as Telegram shows it: Markdown becomes messages of HTML."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.view import escape, visible_length

PAGE = 3000  # of the 4096 a message may have: a title and buttons stand there, too

SENTENCE = PAGE // 2  # a part ends with one that ends behind this, else with a word
_TAG = re.compile(r"<(/?)(\w+)[^>]*>")
_WORDS = re.compile(r"<[^>]+>|(?:&#?\w+;|[^<\s]){1,700}\s{0,50}|\s{1,50}")

_markdown = MarkdownIt("commonmark", {"html": False})
_MARKS = {
    "strong_open": "<b>",
    "strong_close": "</b>",
    "em_open": "<i>",
    "em_close": "</i>",
    "link_close": "</a>",
    "softbreak": " ",
    "hardbreak": "\n",
}


def to_pages(markdown: str) -> list[str]:
    """The text cut between paragraphs into as few messages as it needs; a paragraph only where it fits into none."""
    pages = [""]
    for gap, block in _blocks(_markdown.parse(markdown)):
        for piece in _fitting(block):
            if pages[-1] and visible_length(pages[-1]) + visible_length(piece) > PAGE:
                pages.append(piece)
            else:
                pages[-1] += (gap if pages[-1] else "") + piece
    return pages


def _fitting(block: str) -> Iterator[str]:
    """A block in parts of a page at most, any two neighbours longer than one; markup goes on from part to part."""
    if visible_length(block) <= PAGE:
        yield block
        return
    part: list[str] = []
    length = whole_sentences = 0
    for word in _WORDS.findall(block):
        size = visible_length(word)
        if length + size > PAGE:
            end = whole_sentences or len(part)
            opened = _opened(part[:end])
            yield "".join(part[:end]) + "".join(_TAG.sub(r"</\2>", tag) for tag in reversed(opened))
            part = [*opened, *part[end:]]
            length, whole_sentences = visible_length("".join(part)), 0
        part.append(word)
        length += size
        if length > SENTENCE and word.rstrip().endswith((".", "!", "?", "…")):
            whole_sentences = len(part)
    yield "".join(part)


def _opened(pieces: Sequence[str]) -> list[str]:
    """Tags that are not closed yet, outermost first."""
    opened: list[str] = []
    for piece in pieces:
        if tag := _TAG.fullmatch(piece):
            opened = opened[:-1] if tag[1] else [*opened, piece]
    return opened


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Every heading, paragraph and line of a list, with what stands before it."""
    opened: Token | None = None
    mark = ""
    for token in tokens:
        if token.type == "list_item_open":
            mark = f"{token.info}. " if token.info else "• "
        elif token.type in ("heading_open", "paragraph_open"):
            opened = token
        elif token.type == "inline" and opened is not None:
            text = _inline(token.children or [])
            heading = opened.type == "heading_open"
            yield "\n" if mark else "\n\n", f"<b>{text}</b>" if heading else mark + text
            mark = ""
        elif token.type in ("fence", "code_block"):
            yield "\n\n", f"<code>{escape(token.content.strip())}</code>"


def _inline(tokens: Sequence[Token]) -> str:
    return "".join(_piece(token) for token in tokens)


def _piece(token: Token) -> str:
    if token.type == "link_open":
        return f'<a href="{escape(str(token.attrs["href"]))}">'
    if token.type == "code_inline":
        return f"<code>{escape(token.content)}</code>"
    return _MARKS.get(token.type, escape(token.content))
