"""The headers of a link's answers. Every value is Latin-1, since a web server refuses anything else."""

import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote

from backend.links.formats import FORMATS
from backend.links.formats.base import Profile

TITLE_CHARACTERS = 25  # Happ cuts there
ANNOUNCE_CHARACTERS = 200

PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, User-Agent",
}

PAGE: Mapping[str, str] = {
    **PRIVATE,
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
}


def response_headers(profile: Profile, format_name: str, *, save: bool = False) -> dict[str, str]:
    """Everything apps read beside a document, its content type included.

    `save` makes a browser keep the document as a file whatever the format prefers.
    """
    document = FORMATS[format_name]
    disposition = "attachment" if save else document.disposition
    optional = {
        "support-url": _ascii_url(profile.support_url),
        "announce": _base64(profile.announce[:ANNOUNCE_CHARACTERS]),
        "announce-url": _ascii_url(profile.announce_url),
    }
    return {
        **PRIVATE,
        "Content-Type": document.content_type,
        "Content-Disposition": f"{disposition}; {_filename(profile.title)}",
        "subscription-userinfo": _userinfo(profile),
        "profile-title": _base64(profile.title[:TITLE_CHARACTERS].strip()),
        "profile-update-interval": str(profile.update_interval_hours),
        "profile-web-page-url": _ascii_url(profile.web_page_url),
        "update-always": "true",  # v2RayTun then asks at every start
        **{name: value for name, value in optional.items() if value},
    }


def _userinfo(profile: Profile) -> str:
    """All four numbers, always: Hiddify drops the whole block when one is missing."""
    return (
        f"upload={profile.upload_bytes}; download={profile.download_bytes}; "
        f"total={profile.total_bytes}; expire={profile.expire_seconds}"
    )


def _base64(text: str) -> str:
    return f"base64:{b64encode(text.encode()).decode()}" if text else ""


def _filename(title: str) -> str:
    """The profile's name in Clash apps: RFC 5987 for the text, ASCII for programs that do not know it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-.") or "vpn"
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(title, safe='')}"


def _ascii_url(url: str) -> str:
    """A URL stays as it is; what no header may carry in it becomes %XX."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~")
