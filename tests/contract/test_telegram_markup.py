"""The HTML parse mode of the Telegram emulator, against the rules and the error texts of Telegram."""

import contextlib

import pytest
from aiogram.utils.text_decorations import html_decoration
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.markup import parse_html
from sandbox.telegram.refusal import Refusal
from sandbox.telegram.texts import covered, tidy
from sandbox.telegram.utf16 import units


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("a <b>b</b>", "a b", [("bold", 2, 1)]),
        ("<strong>b</strong><i>i</i><em>e</em>", "bie", [("bold", 0, 1), ("italic", 1, 1), ("italic", 2, 1)]),
        ("<u>u</u><ins>n</ins>", "un", [("underline", 0, 1), ("underline", 1, 1)]),
        (
            "<s>s</s><strike>t</strike><del>d</del>",
            "std",
            [("strikethrough", 0, 1), ("strikethrough", 1, 1), ("strikethrough", 2, 1)],
        ),
        (
            '<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>',
            "ab",
            [("spoiler", 0, 1), ("spoiler", 1, 1)],
        ),
        ("<code>x &lt; y &amp;&amp; z &gt; &quot;w&quot;</code>", 'x < y && z > "w"', [("code", 0, 16)]),
        ("<pre>a\nb</pre>", "a\nb", [("pre", 0, 3)]),
        ('<pre><code class="language-python">1</code></pre>', "1", [("pre", 0, 1)]),
        ("<blockquote>q</blockquote>", "q", [("blockquote", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ("<B>x</B >", "x", [("bold", 0, 1)]),
        ("👋<b>я</b>", "👋я", [("bold", 2, 1)]),
        ("<b>x<i>y</i></b>", "xy", [("bold", 0, 2), ("italic", 1, 1)]),
        ("&#1071;&#x42f; &nbsp; & &copy;", "ЯЯ &nbsp; & &copy;", []),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [("bold", 0, 1)]),
    ],
)
def test_tags_become_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    parsed, found = parse_html(source, strict=True)

    assert parsed == text
    ordered = sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))
    assert [(e["type"], e["offset"], e["length"]) for e in ordered] == entities


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("я <foo>x</foo>", 'Unsupported start tag "foo" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>я</i>", 'Unmatched end tag at byte offset 5, expected "</b>", found "</i>"'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=http://x>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<tg-emoji emoji-id="x">👍</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_wrong_markup_is_refused_where_telegram_sees_it(source: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_html(source, strict=True)

    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


def test_links_keep_their_address_and_those_that_lead_nowhere_become_text() -> None:
    source = '<a href="https://example.org/?a=1&amp;b=2">x</a> <a href="vless://id@host:443">y</a> <a>t.me/z</a>'

    text, entities = parse_html(source, strict=True)

    assert text == "x y t.me/z"
    assert [(e["type"], e["url"]) for e in entities] == [
        ("text_link", "https://example.org/?a=1&b=2"),
        ("text_link", "http://t.me/z"),
    ]


def test_code_of_a_language_names_it_only_inside_pre() -> None:
    _, inside = parse_html('<pre><code class="language-json">{}</code></pre>', strict=True)
    _, alone = parse_html('<code class="language-json">{}</code>', strict=True)

    assert inside == [{"type": "pre", "offset": 0, "length": 2, "language": "json"}]
    assert alone == [{"type": "code", "offset": 0, "length": 2}]


def test_white_space_around_goes_and_entities_follow() -> None:
    text, entities = parse_html("\n\n <b> 👋 x </b> \n", strict=True)

    formatted = tidy(text, entities)

    assert formatted.text == "👋 x"
    assert formatted.entities == [{"type": "bold", "offset": 0, "length": 4}]


def test_links_commands_and_mentions_are_found_outside_code() -> None:
    text, entities = parse_html(
        "/start@shop_bot https://example.org/a?b=1, me@example.org @shop_bot #vpn <code>/stop t.me/x</code> 1/2",
        strict=True,
    )

    formatted = tidy(text, entities)

    found = [(entity["type"], covered(formatted.text, entity)) for entity in formatted.entities]
    assert found == [
        ("bot_command", "/start@shop_bot"),
        ("url", "https://example.org/a?b=1"),
        ("email", "me@example.org"),
        ("mention", "@shop_bot"),
        ("hashtag", "#vpn"),
        ("code", "/stop t.me/x"),
    ]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
def test_quoted_text_comes_back_as_it_was(text: str) -> None:
    source = html_decoration.bold(html_decoration.quote(text))

    parsed, entities = parse_html(source, strict=True)

    assert parsed == text
    assert entities == ([{"type": "bold", "offset": 0, "length": units(text)}] if text else [])


@given(st.text("<>/&;abi =\"'я👋", max_size=40))
def test_any_text_is_parsed_or_refused(source: str) -> None:
    with contextlib.suppress(Refusal):  # and nothing else
        text, entities = parse_html(source, strict=True)
        assert all(0 <= e["offset"] < e["offset"] + e["length"] <= units(text) for e in entities)
