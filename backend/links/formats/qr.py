"""QR codes: black on white whatever the theme around them, since scanners expect that."""

import io
from functools import lru_cache

import segno

MAX_CHARACTERS = 800  # beyond it a phone screen has too few pixels a module; a link with ML-DSA keys is such


def fits(text: str) -> bool:
    """Whether a person could scan this text from a phone's screen."""
    return len(text) <= MAX_CHARACTERS


@lru_cache(maxsize=512)  # a page draws the same codes at each visit, some 10 ms each
def qr_svg(text: str) -> str:
    """An <svg> that takes the size of its box, for a page and for a file alike."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(
        out, kind="svg", xmldecl=False, omitsize=True, nl=False, dark="#000", light="#fff"
    )
    return out.getvalue().decode()


def qr_png(text: str, scale: int = 8) -> bytes:
    """A PNG with `scale` pixels a module and the quiet zone of four modules that scanners need."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=scale, border=4, dark="#000", light="#fff")
    return out.getvalue()
