"""The methods of the Bot API about Stars: what was answered, or what it means that there is no answer.

Source: https://core.telegram.org/bots/api#making-requests
"""

import json
from datetime import timedelta

from backend.kit.http import Answer, Http, NoAnswer
from backend.kit.reading import Json, items, parse, part, text, whole
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown
from backend.payments.providers.stars.config import BotAccess

Failure = Rejected | NotProcessed | Unknown | Misconfigured

PAGE = 100  # the most Telegram gives
LONGEST_WAIT = timedelta(hours=1)
JSON = {"Content-Type": "application/json"}


class Client:
    """One bot."""

    def __init__(self, access: BotAccess, *, read_seconds: float) -> None:
        self._url = access.methods_url
        self._http = Http("telegram", read_seconds=read_seconds, proxy=access.proxy_url)

    async def call(self, method: str, body: bytes) -> object | Failure:
        """The result of a method; no result is ever one of the failures."""
        try:
            answer = await self._http.send("POST", f"{self._url}/{method}", label=method, content=body, headers=JSON)
        except NoAnswer as error:
            return Unknown(f"no answer: {error.details['error']}")
        return read_answer(answer)

    async def transactions(self, offset: int) -> list[Json] | Failure:
        """At most a hundred rows, oldest first, without the first `offset`."""
        answer = await self.call("getStarTransactions", json.dumps({"offset": offset, "limit": PAGE}).encode())
        if isinstance(answer, Failure):
            return answer
        rows = part(answer).get("transactions")
        return items(rows) if isinstance(rows, list) else Unknown("not a list of transactions")

    async def aclose(self) -> None:
        await self._http.aclose()


def read_answer(answer: Answer) -> object | Failure:
    try:
        body = part(parse(answer.body))
    except ValueError:
        body = {}
    if answer.status == 200 and body.get("ok") is True and "result" in body:
        return body["result"]
    refused, why = body.get("ok") is False, text(body.get("description")) or ""
    match answer.status:
        case 404 if refused and "method" in why:
            return Rejected(why)
        case 401 | 404 if refused:
            return Misconfigured("Telegram does not accept TELEGRAM_BOT_TOKEN")
        case 429:
            seconds = whole(part(body.get("parameters")).get("retry_after")) or _header(answer)
            return NotProcessed(min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds else None)
        case status if 400 <= status < 500 and refused:
            return Rejected(why.removeprefix("Bad Request: ") or f"HTTP {status}")
        case status:
            return Unknown(f"HTTP {status}")


def _header(answer: Answer) -> int | None:
    seconds = answer.headers.get("retry-after", "")
    return int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else None
