"""/openapi.json: complete, true to its own examples, and with names that stay."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from tests.integration.api_client import PROBLEM
from tests.shop import Shop

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PASCAL = re.compile(r"([A-Z][a-z0-9]+)+")
JSON = "application/json"

# What programs were promised. New names may come; none of these may go.
OPERATIONS = {
    "POST /api/v1/auth/telegram": "log_in_with_telegram",
    "POST /api/v1/auth/refresh": "refresh_tokens",
    "POST /api/v1/auth/logout": "log_out",
    "GET /api/v1/me": "read_me",
    "GET /api/v1/plans": "list_plans",
    "GET /api/v1/subscriptions": "list_subscriptions",
    "GET /api/v1/subscriptions/{subscription_id}": "read_subscription",
    "GET /api/v1/payments": "list_payments",
    "GET /api/v1/keys": "list_keys",
}
FIELDS = {
    "TelegramLogin": "init_data login_widget",
    "RefreshRequest": "refresh_token",
    "TokenPair": "access_token refresh_token token_type expires_in",
    "Money": "amount minor currency",
    "Me": "id telegram_id first_name username language time_zone created_at",
    "Plans": "items",
    "Plan": "id code name days device_limit traffic_limit_bytes prices",
    "Price": "price per_month saving_percent",
    "Subscriptions": "items",
    "Subscription": "id status plan paid_until device_limit traffic created_at",
    "PlanName": "id code name",
    "Traffic": "upload_bytes download_bytes limit_bytes",
    "Payments": "items next_cursor",
    "Payment": "id order subscription_id plan_name days provider method status amount refunded created_at paid_at",
    "OrderName": "id number",
    "Keys": "items",
    "Key": "subscription_id status link servers",
    "ServerAccess": "title host port vless_link",
    "Problem": "type title status detail errors",
    "FieldProblem": "field message",
}


@pytest.fixture
async def described(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.http.get("/openapi.json")).json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations of the API by method and path."""
    for path, methods in described["paths"].items():
        if path.startswith("/api/"):
            yield from ((f"{method.upper()} {path}", operation) for method, operation in methods.items())


def examples_of(content: dict[str, Any], described: dict[str, Any]) -> list[Any]:
    """The examples of a body: its own, else those of its schema."""
    if "examples" in content:
        return [example["value"] for example in content["examples"].values()]
    schema = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    return list(schema.get("examples", []))


def bodies(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that is sent or answered, with a name."""
    for name, operation in operations(described):
        if "requestBody" in operation:
            yield f"{name} takes", operation["requestBody"]["content"][JSON]
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items():
                yield f"{name} answers {status} {media_type}", content


async def test_the_description_is_openapi(described: dict[str, Any]) -> None:
    validate(described)

    assert described["openapi"].startswith("3.1")


async def test_every_body_has_an_example_and_every_example_fits_its_schema(described: dict[str, Any]) -> None:
    seen = 0
    for name, content in bodies(described):
        schema = {**content["schema"], "components": described["components"]}
        examples = examples_of(content, described)
        assert examples, name
        for example in examples:
            Draft202012Validator(schema, format_checker=FormatChecker()).validate(example)
            seen += 1
    assert seen > 40


async def test_every_operation_says_what_it_does_and_how_it_may_be_refused(described: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in described["tags"]}
    for name, operation in operations(described):
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= tags, name
        refused = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert "503" in refused, name
        assert ("422" in refused) == bool("requestBody" in operation or operation.get("parameters")), name
        for status, answer in refused.items():
            assert set(answer["content"]) == {PROBLEM}, (name, status)
            for example in examples_of(answer["content"][PROBLEM], described):
                assert example["status"] == int(status), name


async def test_all_but_the_logins_need_an_access_token_and_say_so(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]

    assert schemes["access_token"]["scheme"] == "bearer"
    assert schemes["access_token"]["bearerFormat"] == "JWT"
    for name, operation in operations(described):
        login = "/auth/" in name
        assert operation.get("security", []) == ([] if login else [{"access_token": []}]), name
        assert ("429" in operation["responses"]) == login, name
        assert login or {"401", "403"} <= set(operation["responses"]), name


async def test_names_are_of_one_style(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(described)]
    names += [
        parameter["name"] for _, operation in operations(described) for parameter in operation.get("parameters", [])
    ]
    schemas = described["components"]["schemas"]
    names += [field for schema in schemas.values() for field in schema.get("properties", {})]
    names += [value for schema in schemas.values() for value in schema.get("enum", [])]
    paths = [part for path in described["paths"] for part in path.split("/") if part]

    assert [name for name in names if not SNAKE.fullmatch(name)] == []
    assert [part for part in paths if not SNAKE.fullmatch(part.strip("{}"))] == []
    assert [name for name in schemas if not PASCAL.fullmatch(name)] == []


async def test_no_name_that_was_promised_is_gone(described: dict[str, Any]) -> None:
    served = {name: operation["operationId"] for name, operation in operations(described)}
    schemas = described["components"]["schemas"]

    assert OPERATIONS.items() <= served.items()
    for name, fields in FIELDS.items():
        assert set(fields.split()) <= set(schemas[name]["properties"]), name


async def test_the_description_names_no_secret_of_this_shop(shop: Shop, described: dict[str, Any]) -> None:
    text = str(described)

    assert shop.deps.bot_token not in text
    assert shop.town.shop_url not in text
