"""Telegram counts text in UTF-16 code units: offsets, lengths and limits."""


def units(text: str) -> int:
    """How many UTF-16 code units the text takes: an emoji outside the basic plane takes two."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, offset: int, length: int) -> str:
    """The part of the text that an entity covers."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return encoded[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")
