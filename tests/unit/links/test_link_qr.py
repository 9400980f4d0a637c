"""Every code is read back by an independent reader."""

import io
import re
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image

from backend.links.formats.base import Profile
from backend.links.formats.links import vless_link
from backend.links.formats.qr import MAX_CHARACTERS, fits, qr_png, qr_svg

LINK = "https://vpn.example.net/sub/Q7xk2mVbZt9RfLw3HnPd8sYc"


def read_code(image: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    assert found.format == zxingcpp.BarcodeFormat.QRCode  # never the micro kind: cameras do not know it
    return str(found.text)


def draw(svg: str) -> Image.Image:
    """Paint what segno writes: a white square and one path of horizontal strokes, in modules."""
    (side,) = re.findall(r'viewBox="0 0 (\d+) \1"', svg)
    (path,) = re.findall(r'stroke="#000" d="(M[^"]*)"', svg)
    image = Image.new("L", (int(side), int(side)), 255)
    x = y = 0.0
    for command, arguments in re.findall(r"([Mmh])([^Mmh]*)", path):
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", arguments)]
        if command == "h":
            for step in range(int(numbers[0])):
                image.putpixel((int(x) + step, int(y)), 0)
            x += numbers[0]
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            x, y = numbers
    return image.resize((int(side) * 4, int(side) * 4), Image.Resampling.NEAREST)


@pytest.mark.parametrize("text", [LINK, "a", "Скоро конец", LINK + "x" * (MAX_CHARACTERS - len(LINK))])
def test_both_pictures_give_the_text_back(text: str) -> None:
    assert read_code(Image.open(io.BytesIO(qr_png(text, 4)))) == text
    assert read_code(draw(qr_svg(text))) == text


def test_every_key_of_a_profile_can_be_scanned(make_profile: Callable[..., Profile]) -> None:
    for node in make_profile("strict").shown_nodes:
        link = vless_link(node)
        assert fits(link)
        assert read_code(Image.open(io.BytesIO(qr_png(link)))) == link


def test_the_picture_of_a_link_is_black_on_white_with_a_quiet_zone() -> None:
    image = Image.open(io.BytesIO(qr_png(LINK, 4))).convert("L")

    assert image.size == (164, 164)
    assert image.crop((0, 0, 164, 16)).getextrema() == (255, 255)
    assert image.getextrema() == (0, 255)


def test_the_drawing_takes_the_size_of_its_box() -> None:
    svg = qr_svg(LINK)

    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "width=" not in svg.split(">")[0].replace("stroke-width", "")
    assert "style=" not in svg


def test_a_link_with_a_post_quantum_key_is_too_long_to_scan() -> None:
    assert not fits("vless://" + "x" * 2603)
