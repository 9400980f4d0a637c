"""Whose address a request came from."""

from ipaddress import ip_network

import pytest
from fastapi import FastAPI, Request

from backend.kit.web import client_ip

OURS = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str) -> Request:
    app = FastAPI()
    app.state.trusted_proxies = OURS
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope = {"type": "http", "app": app, "headers": headers, "client": (peer, 1234) if peer else None}
    return Request(scope)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("185.71.76.1",), "203.0.113.7"),  # anybody may write that
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("185.71.76.1",), "185.71.76.1"),
        ("10.0.0.1", ("185.71.76.1, 203.0.113.7",), "203.0.113.7"),  # what our proxy saw
        ("10.0.0.1", ("185.71.76.1", "203.0.113.7"), "203.0.113.7"),
        ("10.0.0.1", ("203.0.113.7, 10.0.0.2",), "203.0.113.7"),  # two proxies of ours
        ("10.0.0.1", ("203.0.113.7 ,10.0.0.2 , 127.0.0.1",), "203.0.113.7"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.1"),
        ("10.0.0.1", ("185.71.76.1, junk",), "10.0.0.1"),  # what our proxy wrote cannot be read: trust nobody
        ("10.0.0.1", ("185.71.76.1, 203.0.113.7:443",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("2a02:5180::1",), "2a02:5180::1"),
        ("fd00::1", ("203.0.113.7",), "203.0.113.7"),
        ("127.0.0.1", ("203.0.113.7",), "203.0.113.7"),
        ("testclient", ("203.0.113.7",), "testclient"),
        (None, ("203.0.113.7",), None),
    ],
)
def test_the_address_is_the_peers_or_what_our_own_proxy_saw(
    peer: str | None, forwarded: tuple[str, ...], expected: str | None
) -> None:
    assert client_ip(request(peer, *forwarded)) == expected


def test_other_headers_that_name_an_address_are_not_read() -> None:
    asked = request("10.0.0.1")
    asked.scope["headers"] = [(b"cf-connecting-ip", b"185.71.76.1"), (b"x-real-ip", b"185.71.76.1")]
    assert client_ip(asked) == "10.0.0.1"
