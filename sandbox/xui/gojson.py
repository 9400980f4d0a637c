"""Go's encoding/json as the panel's handlers meet it: strict types, lenient keys, exact error texts.

Source: a number for a text, a text for a number, 1.5 or 1893456000000.0 for an integer are errors; null is the
zero value; keys match in any case; unknown keys are ignored; what follows the first value is never read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INT64 = range(-(2**63), 2**63)
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})")  # longer ones do not fit 64 bits


class GoError(Exception):
    """What the decoder says, without a newline."""


class Number(str):
    """A JSON number as it was written: Go looks at the digits, not at the value."""

    __slots__ = ()


@dataclass(frozen=True)
class Scalar:
    go: str  # the Go type named in errors
    zero: str | int | bool


@dataclass(frozen=True)
class ListOf:
    of: "Kind"
    go: str


@dataclass(frozen=True)
class Struct:
    """`name` and `under` are how Go names a field in errors: `name`.`under`.`field`."""

    name: str
    fields: Mapping[str, "Kind"]
    go: str
    under: str = ""


class Raw:
    """Any JSON value, passed on as plain Python; None when absent."""


Kind = Scalar | ListOf | Struct | Raw

TEXT = Scalar("string", "")
FLAG = Scalar("bool", False)
WHOLE_INT = Scalar("int", 0)
WHOLE_INT64 = Scalar("int64", 0)
RAW = Raw()


def decode(body: bytes, kind: Kind) -> Any:
    """`body` as `kind`: a struct becomes a dict with every field, absent ones zero.

    Raises:
        GoError: with the text Go has for it.
    """
    return _convert(_parse(body), kind, struct="", path=kind.under if isinstance(kind, Struct) else "")


def plain(value: Any) -> Any:
    """A parsed value with ordinary Python numbers."""
    if isinstance(value, Number):
        return int(value) if WHOLE.fullmatch(value) else float(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def zero(kind: Kind) -> Any:
    if isinstance(kind, Scalar):
        return kind.zero
    if isinstance(kind, Struct):
        return {name: zero(field) for name, field in kind.fields.items()}
    return [] if isinstance(kind, ListOf) else None


def _parse(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace").lstrip(" \t\r\n")
    if not text:
        raise GoError("EOF")
    try:
        return _DECODER.raw_decode(text)[0]
    except json.JSONDecodeError as error:
        raise GoError(_syntax_error(text, error)) from error


def _refuse_constant(name: str) -> Any:
    raise GoError(f"invalid character '{name.lstrip('-')[0]}' looking for beginning of value")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse_constant)
_EXPECTED = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
}


def _syntax_error(text: str, error: json.JSONDecodeError) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    return f"invalid character '{text[error.pos]}' {_EXPECTED.get(error.msg, 'looking for beginning of value')}"


def _convert(value: Any, kind: Kind, *, struct: str, path: str) -> Any:
    if isinstance(kind, Raw):
        return plain(value)
    if value is None:
        return zero(kind)
    if isinstance(kind, Struct) and isinstance(value, dict):
        return _convert_struct(value, kind, path)
    if isinstance(kind, ListOf) and isinstance(value, list):
        return [_convert(inner, kind.of, struct=struct, path=path) for inner in value]
    if isinstance(kind, Scalar):
        found = _scalar(value, kind)
        if found is not None:
            return found
    where = f"struct field {struct}.{path}" if path else "value"
    raise GoError(f"json: cannot unmarshal {_describe(value, kind)} into Go {where} of type {kind.go}")


def _convert_struct(value: dict[str, Any], kind: Struct, path: str) -> dict[str, Any]:
    names = {name.lower(): name for name in kind.fields}
    found: dict[str, Any] = zero(kind)
    for key, inner in value.items():
        name = names.get(key.lower())
        if name is not None:
            inner_path = f"{path}.{name}" if path else name
            found[name] = _convert(inner, kind.fields[name], struct=kind.name, path=inner_path)
    return found


def _scalar(value: Any, kind: Scalar) -> str | int | bool | None:
    """The value, or None when it does not fit."""
    if isinstance(value, Number):
        fits = kind.go.startswith("int") and WHOLE.fullmatch(value) and int(value) in INT64
        return int(value) if fits else None
    if isinstance(value, bool):
        return value if kind.go == "bool" else None
    return value if isinstance(value, str) and kind.go == "string" else None


def _describe(value: Any, kind: Kind) -> str:
    if isinstance(value, Number):
        return f"number {value}" if kind in (WHOLE_INT, WHOLE_INT64) else "number"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
