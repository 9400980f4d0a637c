"""Methods that payers let a shop keep, and how a charge of each ends."""

from sandbox.store import Collection
from sandbox.yookassa.wire import Document

SUCCEEDED, PENDING, CANCELED = "succeeded", "pending", "canceled:"


def check_result(result: object) -> str:
    """A result knob: succeeded, pending or canceled:<reason>.

    Raises:
        ValueError: something else.
    """
    if isinstance(result, str) and (
        result in {SUCCEEDED, PENDING} or (result.startswith(CANCELED) and result != CANCELED)
    ):
        return result
    raise ValueError(f"{result!r} is not succeeded, pending or canceled:<reason>")


class SavedMethods:
    """One document a method: the `payment_method` block of its payments, its `outcome`, whether `revoked`."""

    def __init__(self, documents: Collection) -> None:
        self._documents = documents

    def keep(self, shop_id: str, block: Document) -> None:
        self._documents.put(
            block["id"],
            {
                "id": block["id"],
                "shop": shop_id,
                "type": block["type"],
                "block": block,
                "outcome": SUCCEEDED,
                "revoked": False,
            },
        )

    def find(self, shop_id: str, method_id: object) -> Document | None:
        """The shop's own method of this id; another shop's does not exist for it."""
        found = self._documents.get(method_id) if isinstance(method_id, str) else None
        return found if found and found["shop"] == shop_id else None

    def change(self, method_id: str, wanted: Document) -> Document:
        """Turn the knobs of one method: `outcome` of the charges to come, `revoked`.

        Raises:
            KeyError: there is no such method.
            ValueError: no such knob, or a wrong value.
        """
        method = self._documents.get(method_id)
        if method is None:
            raise KeyError(method_id)
        if unknown := wanted.keys() - {"outcome", "revoked"}:
            raise ValueError(f"a saved method has no {', '.join(sorted(unknown))}")
        outcome = check_result(wanted.get("outcome", method["outcome"]))
        revoked = wanted.get("revoked", method["revoked"])
        if not isinstance(revoked, bool):
            raise ValueError("revoked is true or false")
        return self._documents.put(method_id, {**method, "outcome": outcome, "revoked": revoked})

    def all(self) -> list[Document]:
        return list(self._documents)
