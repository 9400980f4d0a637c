"""Unguessable names, and keys derived from the one secret."""

import base64
import hashlib
import os
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALPHABET = string.ascii_letters + string.digits


def new_id() -> UUID:
    """A UUIDv7: unguessable enough for a row's name, and rows of one time lie together. Source: RFC 9562 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def new_token(length: int = 22) -> str:
    """Random letters and digits; 22 of them carry 130 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of one purpose by key id. The newest signs, all verify."""

    newest: str
    keys: Mapping[str, bytes]


class Secrets:
    """Everything secret that is ours, derived from SECRET_KEY; a rotated one keeps verifying.

    A key id is a short hash of its root, so nobody numbers keys by hand.
    """

    def __init__(self, secret_key: str, *old: str) -> None:
        roots = [root.encode() for root in (secret_key, *old) if root]
        self._roots = {hashlib.sha256(root).hexdigest()[:8]: root for root in roots}
        self._newest = next(iter(self._roots))

    def ring(self, label: str) -> KeyRing:
        """32-byte keys for one purpose, such as "order-mac"."""
        return KeyRing(self._newest, {kid: _derive(root, label) for kid, root in self._roots.items()})

    def derive_token(self, label: str) -> str:
        """43 url-safe characters that stay the same for this label and the newest secret."""
        return base64.urlsafe_b64encode(_derive(self._roots[self._newest], label)).rstrip(b"=").decode()


def _derive(root: bytes, label: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=label.encode()).derive(root)


class Vault:
    """Encrypts secrets that rest in the database. `where` binds a ciphertext to its row."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, text: str, where: str) -> str:
        nonce = os.urandom(12)
        sealed = AESGCM(self._ring.keys[self._ring.newest]).encrypt(nonce, text.encode(), where.encode())
        return f"{self._ring.newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, where: str) -> str:
        """The text that was sealed for `where`.

        Raises:
            ValueError: sealed with a key we do not have, for another row, or changed.
        """
        kid, _, body = sealed.partition(".")
        if kid not in self._ring.keys:
            raise ValueError("sealed with an unknown SECRET_KEY: put the former one into SECRET_KEY_OLD")
        raw = base64.urlsafe_b64decode(body)
        try:
            return AESGCM(self._ring.keys[kid]).decrypt(raw[:12], raw[12:], where.encode()).decode()
        except InvalidTag:
            raise ValueError("the sealed text was changed or belongs to another row") from None
