"""What is wrong with a setting, in a sentence for the operator: the variable, the trouble, an example; no value."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from backend.kit.errors import Outside

SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "url_parsing": lambda _: "is no web address",
    "url_scheme": lambda _: "must begin with http:// or https://",
    "int_parsing": lambda _: "is no whole number",
    "bool_parsing": lambda _: "is neither true nor false",
    "greater_than_equal": lambda context: f"must be {context['ge']} or more",
    "less_than_equal": lambda context: f"must be {context['le']} or less",
    "string_too_short": lambda context: f"is too short: {context['min_length']} characters or more",
    "too_short": lambda context: f"is too short: {context['min_length']} characters or more",
    "string_too_long": lambda context: f"is too long: {context['max_length']} characters or less",
    "string_pattern_mismatch": lambda _: "has another form than this",
    "literal_error": lambda context: f"must be {context['expected']}",
}


def troubles(configs: Iterable[type[BaseSettings]]) -> list[str]:
    """What is wrong in the environment with any of these, a line each."""
    lines = []
    for config in configs:
        try:
            config()
        except ValidationError as error:
            lines += explain(error, config)
    return lines


def explain(error: ValidationError, config: type[BaseSettings]) -> list[str]:
    """A line for every variable that is missing or wrong."""
    return [_line(problem, config) for problem in error.errors(include_input=False, include_url=False)]


def _line(problem: Any, config: type[BaseSettings]) -> str:
    place = str(problem["loc"][0]) if problem["loc"] else ""
    field = config.model_fields.get(place)
    prefix = config.model_config.get("env_prefix", "") if field else ""
    name = f"{prefix}{place}".upper()
    if problem["type"] == "missing":
        return f"{name} is missing: {field.description if field else ''}"
    sentence = SENTENCES.get(problem["type"])
    trouble = sentence(problem.get("ctx", {})) if sentence else problem["msg"]
    trouble = trouble.removeprefix("Value error, ")
    if not name or trouble.startswith(name):
        return str(trouble)
    example = field.examples[0] if field and field.examples else None
    return f"{name}: {trouble}" + (f", for example {name}={example}" if example else "")


def reason(error: Outside) -> str:
    """What went wrong: what the driver saw, else what its error means."""
    return str(error.details.get("reason") or error.details.get("error") or error.__doc__)
