"""A text of the shop as Telegram shows it: Markdown becomes messages of HTML."""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.view import escape, visible_length

PAGE = 3000  # of the 4096 a message may have: a title and buttons stand there, too

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
    """The text cut between paragraphs into as few messages as it needs."""
    pages = [""]
    for gap, block in _blocks(_markdown.parse(markdown)):
        if pages[-1] and visible_length(pages[-1]) + visible_length(block) > PAGE:
            pages.append(block)
        else:
            pages[-1] += (gap if pages[-1] else "") + block
    return pages


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
