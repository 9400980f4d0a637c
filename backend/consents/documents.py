"""The texts people accept: files an operator may replace, with a version each.

`<document>.<language>.md` begins with `version: …`, perhaps other lines of that form, and an empty line; then comes
Markdown whose first line is the title. `{seller}`, `{support}` and `{shop}` are filled in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path

from backend.kit.errors import Invalid, NotFound
from backend.kit.i18n import Translate, languages

BUILT_IN = Path(__file__).parent / "texts"
DOCUMENTS = ("offer", "privacy", "refunds", "autopay")
PLACEHOLDERS = frozenset({"seller", "support", "shop"})

_HEADER = re.compile(r"[a-z]+: *[^\n]*")
_VERSION = re.compile(r"[\w.-]{1,40}")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class BadText(Invalid):
    """This file is no text that people could accept."""


class NoSuchText(NotFound):
    """There is no such document."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text in one language. `url` set: the operator keeps it there, and that address is its version."""

    name: str
    language: str
    version: str
    title: str
    body: str  # Markdown, without the title
    sha256: str  # of the file
    built_in: bool
    url: str = ""


class Texts:
    """Every document of this shop. `base` is where its pages stand ("https://…/terms"); empty: nowhere."""

    def __init__(self, documents: Mapping[str, Mapping[str, Document]], base: str) -> None:
        self._documents = documents
        self._base = base

    def __iter__(self) -> Iterator[Document]:
        return (document for translations in self._documents.values() for document in translations.values())

    def get(self, name: str, language: str) -> Document:
        """The document in this language, else in the first it is written in.

        Raises:
            NoSuchText
        """
        translations = self._documents.get(name)
        if not translations:
            raise NoSuchText(document=name)
        return translations.get(language) or next(iter(translations.values()))

    def address(self, name: str, language: str) -> str:
        """Where a browser finds it; empty: nowhere, the bot shows it."""
        return self.get(name, language).url or (f"{self._base}/{name}?lang={language}" if self._base else "")


def read_texts(
    folder: Path, values: Mapping[str, str], *, base: str = "", elsewhere: Mapping[str, str] | None = None
) -> Texts:
    """What is in this folder, and the built-in draft of each document that is not.

    Args:
        values: what the placeholders stand for.
        elsewhere: addresses of documents that the operator keeps somewhere else.

    Raises:
        BadText: with the detail `reason`, a sentence for the operator.
    """
    if folder.is_dir():
        _refuse_strangers(folder)
    found = {}
    for name in DOCUMENTS:
        translations = _translations(folder, name, values, built_in=False)
        translations = translations or _translations(BUILT_IN, name, values, built_in=True)
        versions = {document.version for document in translations.values()}
        if len(versions) > 1:
            raise BadText(reason=f"{name}: the languages differ in version ({', '.join(sorted(versions))})")
        url = (elsewhere or {}).get(name, "")
        found[name] = {language: _kept_at(url, text) if url else text for language, text in translations.items()}
    return Texts(found, base)


def version_name(t: Translate, version: str) -> str:
    """A version as people read it: most are days."""
    try:
        day = datetime.combine(date.fromisoformat(version), time(12), UTC)
    except ValueError:
        return version
    return t.day(day, day.replace(year=day.year - 1))


def _refuse_strangers(folder: Path) -> None:
    known = {f"{name}.{language}.md" for name in DOCUMENTS for language in languages()}
    for file in sorted(folder.glob("*.md")):
        if file.name not in known:
            raise BadText(reason=f"{file} is none of the documents: {', '.join(sorted(known))}")


def _translations(folder: Path, name: str, values: Mapping[str, str], *, built_in: bool) -> dict[str, Document]:
    files = {language: folder / f"{name}.{language}.md" for language in languages()}
    return {
        language: _read(file, name, language, values, built_in=built_in)
        for language, file in files.items()
        if file.is_file()
    }


def _read(file: Path, name: str, language: str, values: Mapping[str, str], *, built_in: bool) -> Document:
    try:
        raw = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadText(reason=f"{file} cannot be read: {error}") from None
    head, _, rest = raw.partition("\n\n")
    lines = head.splitlines()
    header = dict(line.split(":", 1) for line in lines if _HEADER.fullmatch(line))
    version = header.get("version", "").strip()
    if len(header) != len(lines) or not _VERSION.fullmatch(version):
        raise BadText(reason=f"{file} must begin with a line like `version: 2026-11-25` and an empty line")
    title, _, body = rest.lstrip().partition("\n")
    if not title.startswith("# ") or not body.strip():
        raise BadText(reason=f"{file}: after the version comes a title, `# …`, and then the text")
    unknown = set(_PLACEHOLDER.findall(rest)) - PLACEHOLDERS
    if unknown:
        raise BadText(reason=f"{file}: nothing fills in {', '.join(f'{{{word}}}' for word in sorted(unknown))}")
    return Document(
        name=name,
        language=language,
        version=version,
        title=_filled(title.removeprefix("# ").strip(), values),
        body=_filled(body.strip(), values),
        sha256=sha256(raw.encode()).hexdigest(),
        built_in=built_in,
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], text)


def _kept_at(url: str, text: Document) -> Document:
    digest = sha256(url.encode()).hexdigest()
    return Document(text.name, text.language, url, text.title, "", digest, built_in=False, url=url)
