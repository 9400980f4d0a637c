"""What people may connect to: names and addresses, as operators and panels write them."""

import pytest

from backend.links.formats.base import Node
from backend.links.formats.links import vless_link
from backend.vpn.rules import read_address, read_host

HOSTS = [
    ("nl1.example.com", "nl1.example.com"),
    ("пример.рф", "пример.рф"),
    ("_edge.example.com", "_edge.example.com"),
    ("203.0.113.7", "203.0.113.7"),
    ("2001:db8::10", "2001:db8::10"),
    ("[2001:DB8:0::10]", "2001:db8::10"),
    (f"{'a' * 63}.example.com", f"{'a' * 63}.example.com"),
]
NO_HOSTS = [
    "",
    " ",
    ".",
    "a..b",
    "host/",
    "host name",
    "nl1.example.com.",
    f"{'a' * 64}.example.com",
    ".".join(["a" * 60] * 5),
    "-nl1.example.com",
    "https://nl1.example.com",
    "user@nl1.example.com",
    "nl1.example.com:443",
    "[nl1.example.com]",
    "[203.0.113.7]",
    "[2001:db8::10]:443",
    "[2001:db8::10",
    "2001:db8:::10",
    "fe80::1%eth0",
    "999.1.1.1",
    "1.2.3",
    "nl1\x00.example.com",
    "nl1.example.com\n",
]


@pytest.mark.parametrize(("text", "host"), HOSTS)
def test_a_host_is_a_name_or_an_address_without_brackets(text: str, host: str) -> None:
    assert read_host(text) == host
    assert "@" in vless_link(Node(uuid="u", host=host, port=443, remark="r"))


@pytest.mark.parametrize("text", NO_HOSTS)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever reads it
        read_host(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("nl1.example.com", ("nl1.example.com", None)),
        ("nl1.example.com:8443", ("nl1.example.com", 8443)),
        ("203.0.113.7:443", ("203.0.113.7", 443)),
        ("2001:db8::10", ("2001:db8::10", None)),
        ("[2001:db8::10]", ("2001:db8::10", None)),
        ("[2001:db8::10]:443", ("2001:db8::10", 443)),
    ],
)
def test_an_address_may_have_a_port(text: str, address: tuple[str, int | None]) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["nl1:", ":443", "nl1:0", "nl1:65536", "nl1:+1", "nl1:４43", "[2001:db8::10]:", "[2001:db8::10]443", "a:b:c"],
)
def test_a_port_is_a_number_up_to_65535(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_address(text)
