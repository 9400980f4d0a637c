"""CoinGate's API over HTTP: what it answered, or what it means that it did not."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

from backend.kit.http import Answer, Http, NoAnswer
from backend.kit.reading import Json, items, whole
from backend.payments.providers.base import Rejected, Unknown
from backend.payments.providers.coingate.answers import Failure, read_answer, says_yes
from backend.payments.providers.coingate.objects import order_ref

PER_PAGE = "100"  # the most CoinGate gives
JSON = {"Content-Type": "application/json"}

T = TypeVar("T")


class Page(NamedTuple):
    """Orders, newest first, and whether there are older ones."""

    orders: list[Json]
    more: bool


class Client:
    """`url` is the API's, without a slash at its end."""

    def __init__(self, url: str, key: str, *, read_seconds: float) -> None:
        self._url = url
        self._http = Http("coingate", read_seconds=read_seconds, headers={"Authorization": f"Token {key}"})

    @property
    def time_there(self) -> datetime | None:
        """By CoinGate's clock, when it last answered."""
        return self._http.time_there

    async def test_key(self) -> Failure | None:
        """None: the key is good."""
        answer = await self._send("GET", "/auth/test", "test key")
        if isinstance(answer, Unknown):
            return answer
        if says_yes(answer):
            return None
        failure = read_answer(answer, certain_page=True)
        return Unknown("another object") if isinstance(failure, dict) else failure

    async def create_order(self, body: bytes) -> Json | Failure:
        return _order(await self._send("POST", "/orders", "create order", content=body, headers=JSON))

    async def choose_coin(self, ref: str, body: bytes) -> Json | Failure | None:
        """None: this API app may not; only CoinGate's support can change that."""
        answer = await self._send("POST", f"/orders/{ref}/checkout", "choose coin", content=body, headers=JSON)
        if isinstance(answer, Answer) and answer.status == 422:
            return None
        return _order(answer, ref)

    async def order(self, ref: str) -> Json | Failure:
        """The order with this id. CoinGate's ids are numbers: others are not asked for."""
        if order_ref(ref) is None:
            return Rejected("not_found", "not an id of CoinGate's")
        return _order(await self._send("GET", f"/orders/{ref}", "read order"), ref)

    async def orders(self, *, since: date | None = None, page: int = 1) -> Page | Failure:
        """A hundred orders, newest first."""
        params = {"sort": "created_at_desc", "per_page": PER_PAGE, "page": str(page)}
        if since is not None:
            params["created_at[from]"] = since.isoformat()
        answer = await self._send("GET", "/orders", "list orders", params=params)
        if isinstance(answer, Unknown):
            return answer
        listed = read_answer(answer, certain_page=True)
        if not isinstance(listed, dict):
            return listed
        if not isinstance(listed.get("orders"), list):
            return Unknown("not a list of orders")
        orders, last = items(listed["orders"]), whole(listed.get("total_pages"))
        return Page(orders, more=bool(orders) and (last is None or page < last))

    async def ask(self, path: str, reader: Callable[[Answer], T], **params: str) -> T | None:
        """One of the questions that need no key; None: no answer."""
        answer = await self._send("GET", path, path.strip("/"), params=params)
        return None if isinstance(answer, Unknown) else reader(answer)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(self, method: str, path: str, label: str, **options: Any) -> Answer | Unknown:
        try:
            return await self._http.send(method, self._url + path, label=label, **options)
        except NoAnswer as error:
            return Unknown(f"no answer: {error.details['error']}")


def _order(answer: Answer | Unknown, ref: str | None = None) -> Json | Failure:
    """The order an answer is about; with `ref`, that one."""
    if isinstance(answer, Unknown):
        return answer
    body = read_answer(answer, certain_page=ref is None)
    if not isinstance(body, dict):
        return body
    found = order_ref(body.get("id"))
    if found is None or not isinstance(body.get("status"), str) or ref not in (None, found):
        return Unknown("not the order that was asked for")
    return body
