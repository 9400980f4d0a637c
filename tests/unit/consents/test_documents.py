"""The texts people accept: read from files, in every language, with what is wrong said plainly."""

from pathlib import Path

import pytest

from backend.consents.documents import BUILT_IN, DOCUMENTS, BadText, NoSuchText, read_texts
from backend.kit.i18n import languages
from bot.markdown import PAGE, to_pages
from bot.view import visible_length

VALUES = {"seller": "ИП Иванова", "support": "@anna", "shop": "Тихий VPN"}
GOOD = "version: 2027-01-31\nnote: ours\n\n# Оферта магазина «{shop}»\n\nПродаёт {seller}, пишите {support}.\n"


def write(folder: Path, name: str = "offer.ru.md", text: str = GOOD) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_draft_is_there_in_every_language_and_names_seller_and_support() -> None:
    texts = read_texts(BUILT_IN / "nothing here", VALUES)

    assert {(text.name, text.language) for text in texts} == {(n, lang) for n in DOCUMENTS for lang in languages()}
    for text in texts:
        assert text.built_in
        assert "ИП Иванова" in text.body
        assert "@anna" in text.body
        assert "{" not in text.title + text.body
        assert "draft" not in text.body + text.title, "the note is for the operator"


def test_drafts_are_neutral_words() -> None:
    for text in read_texts(BUILT_IN, VALUES):
        for word in ("блокировк", "обход", "запрещённ", "заблокирован", "bypass", "blocked", "censor", "circumvent"):
            assert word not in text.body.lower(), f"{text.name}.{text.language}: {word}"


def test_a_file_of_the_operator_takes_the_place_of_the_draft(tmp_path: Path) -> None:
    texts = read_texts(write(tmp_path), VALUES)

    offer = texts.get("offer", "ru")
    assert (offer.version, offer.title, offer.body, offer.built_in) == (
        "2027-01-31",
        "Оферта магазина «Тихий VPN»",
        "Продаёт ИП Иванова, пишите @anna.",
        False,
    )
    assert texts.get("offer", "en") == offer, "it is written in one language"
    assert texts.get("privacy", "en").built_in


def test_a_byte_order_mark_and_windows_lines_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "offer.ru.md").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert read_texts(tmp_path, VALUES).get("offer", "ru").version == "2027-01-31"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# Оферта\n\nТекст.", "must begin with a line like"),
        ("version: \n\n# Оферта\n\nТекст.", "must begin with a line like"),
        ("version: two words\n\n# Оферта\n\nТекст.", "must begin with a line like"),
        ("version: 1\n\nБез заголовка.", "comes a title"),
        ("version: 1\n\n# Только заголовок\n", "comes a title"),
        ("version: 1\n\n# Оферта\n\n{seler}", "nothing fills in {seler}"),
        ("", "must begin with a line like"),
    ],
)
def test_a_file_that_is_no_text_is_refused_by_its_name(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadText) as refused:
        read_texts(write(tmp_path, text=text), VALUES)

    assert "offer.ru.md" in str(refused.value.details["reason"])
    assert reason in str(refused.value.details["reason"])


def test_languages_of_one_document_have_one_version(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "offer.en.md", GOOD.replace("2027-01-31", "2026-01-31"))

    with pytest.raises(BadText, match="differ in version"):
        read_texts(tmp_path, VALUES)


def test_a_file_with_a_slip_in_its_name_is_not_left_out_in_silence(tmp_path: Path) -> None:
    with pytest.raises(BadText, match="none of the documents"):
        read_texts(write(tmp_path, "ofer.ru.md"), VALUES)


def test_what_stands_somewhere_else_is_found_there_and_its_address_is_its_version() -> None:
    texts = read_texts(
        BUILT_IN, VALUES, base="https://shop.example/terms", elsewhere={"offer": "https://o.example/7"}
    )

    assert texts.address("offer", "ru") == texts.get("offer", "ru").version == "https://o.example/7"
    assert texts.address("privacy", "en") == "https://shop.example/terms/privacy?lang=en"
    assert read_texts(BUILT_IN, VALUES).address("privacy", "en") == ""
    with pytest.raises(NoSuchText):
        texts.get("cookies", "ru")


def test_a_text_is_cut_into_messages_between_paragraphs() -> None:
    words = "Слово " * 200
    pages = to_pages("\n\n".join(f"## {n}\n\n{words}" for n in range(8)))

    assert len(pages) > 1
    assert all(visible_length(page) <= PAGE for page in pages)
    assert all(page.startswith(("<b>", "Слово")) for page in pages)


@pytest.mark.parametrize(
    ("paragraph", "ends"),
    [
        ("Слово и дело. " * 600, ("дело.",)),
        ("слово " * 2_000, ("слово",)),
        ("а &lt; б " * 2_000, ("а", "&lt;", "б")),
        ("x" * 9_000, ("x",)),
        ("🙂" * 5_000, ("🙂",)),
        ("Раз. " + "б" * 4_000, ("б",)),
    ],
)
def test_a_paragraph_longer_than_a_message_is_cut_between_sentences_else_words(
    paragraph: str, ends: tuple[str, ...]
) -> None:
    pages = to_pages(f"Сначала.\n\n{paragraph}\n\nПотом.")

    assert len(pages) > 1
    assert all(visible_length(page) <= PAGE for page in pages)
    assert pages[0].startswith("Сначала.\n\n") or pages[0] == "Сначала."
    assert pages[-1].endswith("Потом.")
    assert all(page.rstrip().endswith((*ends, "Сначала.")) for page in pages[:-1])
    kept = "".join(pages).replace("Сначала.", "").replace("Потом.", "")
    assert "".join(kept.split()) == "".join(paragraph.split())


def test_markup_goes_on_where_a_paragraph_is_cut() -> None:
    pages = to_pages("**" + "[жирное](https://e.example) слово " * 500 + "конец**")

    assert len(pages) > 1
    for page in pages:
        assert page.startswith("<b>")
        assert page.endswith("</b>"), page[-40:]
        assert page.count("<a ") == page.count("</a>")


def test_marks_lists_and_links_become_telegrams() -> None:
    shown = "\n".join(to_pages("## A & B\n\n**c** <i> [d](https://e.example/?a=1&b=2)\n\n1. f\n2. g\n\n- h\n"))

    assert shown == (
        '<b>A &amp; B</b>\n\n<b>c</b> &lt;i&gt; <a href="https://e.example/?a=1&amp;b=2">d</a>\n1. f\n2. g\n• h'
    )
