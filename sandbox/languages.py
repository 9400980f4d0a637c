"""Which of the two languages a page speaks."""

LANGUAGES = ("ru", "en")


def pick_language(asked: str | None, locale: str | None, accepted: str) -> str:
    """By `?lang`, else by what the shop asked for, else by the browser; Russian when nothing says otherwise."""
    if asked in LANGUAGES:
        return asked
    if locale:
        return "en" if locale.startswith("en") else "ru"
    for part in accepted.split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "ru"
