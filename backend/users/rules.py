"""What a person may be told apart by. Pure."""

import re

LONGEST_EMAIL = 254  # RFC 5321, less the angle brackets
LONGEST_NAME = 64

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])",
    re.IGNORECASE,
)


def read_email(text: str) -> str | None:
    """The address somebody wrote, its domain in small letters; None: mail could not be sent there.

    Only ASCII: payment companies take no other.
    """
    written = text.strip().removeprefix("mailto:")
    if len(written) > LONGEST_EMAIL or not _EMAIL.fullmatch(written):
        return None
    name, _, domain = written.rpartition("@")
    return f"{name}@{domain.lower()}" if len(name) <= LONGEST_NAME else None
