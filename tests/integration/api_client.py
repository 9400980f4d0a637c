"""A person's program that uses the API over HTTP, and the promise every answer is held to."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx2
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import select

from backend.users.models import User
from sandbox.companies import BOT_TOKEN
from tests.shop import Buyer, Shop
from tests.telegram_login import ANNA, init_data

_addresses = itertools.count(1)

PROBLEM = "application/problem+json"


def new_address() -> str:
    """An address that nobody logged in from yet."""
    number = next(_addresses)
    return f"198.51.{number // 250}.{number % 250 + 1}"


@dataclass
class Client:
    """One login. `address` is where it comes from."""

    shop: Shop
    telegram_id: int
    access_token: str = ""
    refresh_token: str = ""
    address: str = field(default_factory=new_address)

    async def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = httpx2.Headers(options.pop("headers", {}))
        headers["X-Forwarded-For"] = self.address
        return await self.shop.http.request(method, f"/api/v1/{path}", headers=headers, **options)

    async def post(self, path: str, body: Any) -> httpx2.Response:
        return await self.send("POST", path, json=body)

    async def log_in(self, **fields: Any) -> httpx2.Response:
        """Open the Mini App."""
        user = {**ANNA, "id": self.telegram_id}
        presented = init_data(BOT_TOKEN, self.shop.now, user=json_of(user), **fields)
        return self.keep(await self.post("auth/telegram", {"init_data": presented}))

    async def refresh(self, token: str | None = None) -> httpx2.Response:
        return self.keep(await self.post("auth/refresh", {"refresh_token": token or self.refresh_token}))

    def keep(self, answer: httpx2.Response) -> httpx2.Response:
        if answer.status_code == 200:
            self.access_token, self.refresh_token = answer.json()["access_token"], answer.json()["refresh_token"]
        return answer

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return await self.send("GET", path, headers=headers, params=params)

    async def read(self, path: str, **params: Any) -> Any:
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


def json_of(value: Any) -> str:
    return httpx2.Request("POST", "http://x", json=value).content.decode()


async def client_of(buyer: Buyer) -> Client:
    """The program of somebody who uses the bot, logged in."""
    (telegram_id,) = await buyer.shop.all(select(User.telegram_id).where(User.id == buyer.id))
    client = Client(buyer.shop, telegram_id)
    answer = await client.log_in()
    assert answer.status_code == 200, answer.text
    return client


def assert_problem(answer: httpx2.Response, status: int, kind: str | None = None) -> None:
    """The answer is this refusal, in the form every refusal has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert all(problem[name] for name in ("type", "title", "detail"))
    assert ("errors" in problem) == (status == 422)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if kind is not None:
        assert problem["type"] == f"urn:shop:{kind}"


async def assert_as_described(shop: Shop, operation_id: str, answer: httpx2.Response) -> None:
    """The answer is one that the description of the API promises for this operation."""
    described = (await shop.http.get("/openapi.json")).json()
    (operation,) = (
        operation
        for path in described["paths"].values()
        for operation in path.values()
        if operation["operationId"] == operation_id
    )
    content = operation["responses"][str(answer.status_code)]["content"][answer.headers["content-type"]]
    schema = {**content["schema"], "components": described["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(answer.json())
