"""The message with the key: what it holds, and what becomes of keys that do not fit."""

from io import BytesIO

import zxingcpp
from PIL import Image

from backend.kit.i18n import translator
from backend.links.formats.links import vless_link
from bot.screens.keys import key_qr_view, key_views, packed
from bot.view import View, visible_length
from sandbox.telegram.markup import parse_html
from tests.unit.bot.scenes import NOW, SMALL_BRAND, holding, node

T = translator("ru")


def scanned(view: View) -> str:
    assert view.photo is not None
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(view.photo)))
    return code.text


def copied(view: View) -> list[str]:
    text, entities = parse_html(view.text, strict=True)
    raw = text.encode("utf-16-le")
    return [
        raw[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in entities
        if e["type"] == "code"
    ]


def test_one_picture_carries_link_and_key() -> None:
    one = holding(node())

    (view,) = key_views(T, one, NOW)

    assert scanned(view) == one.link == "https://vpn.example.com/sub/abcdefghijklmnopqrstuv"
    assert copied(view) == [one.link, vless_link(node())]
    assert view.rows[0][0].opens == one.link
    assert "до 25\u00a0декабря, 20:00\u00a0МСК" in view.text


def test_the_key_has_a_picture_of_its_own() -> None:
    assert scanned(key_qr_view(T, node(), named=False)) == vless_link(node())


def test_without_an_address_of_the_shop_the_key_alone_is_given() -> None:
    (view,) = key_views(T, holding(node(), brand=SMALL_BRAND), NOW)

    assert scanned(view) == vless_link(node())
    assert copied(view) == [vless_link(node())]
    assert all(not isinstance(button.opens, str) for row in view.rows for button in row)


def test_keys_that_do_not_fit_under_the_picture_follow_as_text() -> None:
    nodes = [node(f"Сервер {number}", host=f"n{number}.vpn.example.net") for number in range(20)]

    first, *more = key_views(T, holding(*nodes), NOW)

    assert copied(first) == ["https://vpn.example.com/sub/abcdefghijklmnopqrstuv"]
    assert [key for view in more for key in copied(view)] == [vless_link(n) for n in nodes]
    assert len(more) == 2
    assert all(visible_length(view.text) <= 4096 for view in more)


def test_a_key_longer_than_any_message_is_left_to_the_page() -> None:
    long, short = node("Длинный", pqv="x" * 5000), node("Короткий", host="s.vpn.example.net")

    first, more = key_views(T, holding(long, short), NOW)

    assert copied(more) == [vless_link(short)]
    assert more.text.endswith("на странице «Подключиться».")
    assert scanned(first) == holding().profile.web_page_url


def test_a_single_key_too_long_for_a_qr_code_is_text_where_there_is_no_link() -> None:
    (view,) = key_views(T, holding(node(pqv="x" * 2600), brand=SMALL_BRAND), NOW)

    assert view.photo is None
    assert len(copied(view)) == 1


def test_texts_are_packed_into_as_few_messages_as_hold_them() -> None:
    assert packed(["а" * 2000, "б" * 2000, "в" * 2000], left_out="!") == [
        "а" * 2000 + "\n\n" + "б" * 2000,
        "в" * 2000,
    ]
    assert packed(["а" * 5000], left_out="!") == ["!"]
    assert packed([], left_out="!") == []
