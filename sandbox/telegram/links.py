"""Which addresses Telegram takes for a button or a link.

Source: https://github.com/tdlib/td/blob/master/td/telegram/LinkManager.cpp (check_link)
"""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

TELEGRAM_SCHEMES = ("tg", "ton", "tonsite")
SCHEME = re.compile(r"([a-z]+):(?://)?", re.IGNORECASE)


def checked_link(url: str, *, strict: bool, https_only: bool = False) -> str:
    """The address as Telegram stores it: with a scheme and a path.

    Without `strict` an address on this machine passes, which Telegram would refuse: the sandbox lives there.

    Raises:
        ValueError: not an address, with Telegram's reason.
    """
    scheme = SCHEME.match(url)
    if scheme and scheme[1].lower() in TELEGRAM_SCHEMES:
        if https_only:
            raise ValueError("Only HTTPS links are allowed")
        return _telegram_link(scheme[1].lower(), url[scheme.end() :])
    if "://" not in url.partition("?")[0]:
        url = f"http://{url}"
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError("Unsupported URL protocol")
    host = parts.hostname or ""
    if not host:
        raise ValueError("URL host is empty")
    allowed = is_local(host) and not strict
    if not allowed and ("." not in host or is_local(host)):
        raise ValueError("Wrong HTTP URL")
    if https_only and parts.scheme != "https" and not allowed:
        raise ValueError("Only HTTPS links are allowed")
    return parts._replace(path=parts.path or "/").geturl()


def is_local(host: str) -> bool:
    """Whether only this machine or its network reaches the host."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError("Wrong port number specified in the URL") from error
    if re.search(r"[\s\x00-\x20<>\"]", parts.netloc):
        raise ValueError("Disallowed character in URL host")
    return parts


def _telegram_link(scheme: str, rest: str) -> str:
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not host:
        raise ValueError("URL host is empty")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", host):
        raise ValueError("Unallowed characters in URL host")
    return f"{scheme}://{rest}"
