"""The documents a link can answer with. A new one is a file here and a line in FORMATS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from backend.links.formats import info, links
from backend.links.formats.base import Profile

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Format:
    """How a document is written and sent. `inline`: a browser shows it instead of saving it."""

    render: Callable[[Profile], str]
    content_type: str
    disposition: Literal["inline", "attachment"]


FORMATS: Mapping[str, Format] = {
    "links": Format(links.render, TEXT, "inline"),
    "plain": Format(links.render_plain, TEXT, "inline"),
    "info": Format(info.render, JSON, "inline"),
}
