"""The same request with the same key happens once."""

import hashlib

from sandbox.clock import Clock
from sandbox.store import Collection
from sandbox.yookassa.errors import ApiError

KEPT_SECONDS = 24 * 3600
HEADER = "Idempotence-Key"


class Idempotence:
    """For each key of a shop: what it was first sent with, and the object that came of it, for 24 hours.

    Only successes are kept: a refused request changed nothing, so its key is still free.
    """

    def __init__(self, clock: Clock, records: Collection) -> None:
        self._clock = clock
        self._records = records

    def find(self, shop_id: str, key: str, digest: str) -> str | None:
        """The id of the object this very request made before.

        Raises:
            ApiError: the key was used for something else.
        """
        record = self._records.get(f"{shop_id}:{key}")
        if record is None or self._clock.timestamp() - record["at"] >= KEPT_SECONDS:
            return None
        if record["digest"] != digest:
            raise ApiError(400, "Idempotence key duplicated", HEADER)
        return str(record["object_id"])

    def keep(self, shop_id: str, key: str, digest: str, object_id: str) -> None:
        self._records.put(
            f"{shop_id}:{key}", {"digest": digest, "at": self._clock.timestamp(), "object_id": object_id}
        )


def check_key(key: str | None) -> str:
    """The key, if it is one.

    Raises:
        ApiError: it is missing or over 64 characters.
    """
    if not key:
        raise ApiError(400, "Idempotence key is empty", HEADER)
    if len(key) > 64:
        raise ApiError(
            400,
            "Idempotence key is too long. Send the value in accordance with the documentation",
            HEADER,
        )
    return key


def digest_of(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same: not the meaning of the JSON, its bytes."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()
