"""What a call carries: query string, JSON, urlencoded or multipart, read into one shape."""

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from sandbox.telegram.refusal import Refusal, bad_request

REQUEST_LIMIT = 52 * 1024 * 1024  # bytes; a bot uploads 50 MB at most
FIELD_LIMIT = 16 * 1024 * 1024  # bytes of one field that is not a file
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Upload:
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Params:
    """The fields of one call, by name. Telegram reads them leniently: text where a number is meant is 0."""

    fields: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "yes", "1")

    def parsed(self, name: str) -> Any:
        """The field decoded from JSON, or None when it is not there.

        Raises:
            Refusal: it is not JSON.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error

    def upload(self, name: str) -> Upload | None:
        """The file sent as this field, or the one its `attach://…` names."""
        return self.uploads.get(self.text(name).removeprefix("attach://")) or self.uploads.get(name)


async def read_params(request: Request) -> Params:
    """All fields of a request; those of the body win over those of the query string.

    Raises:
        Refusal: the body is too large or cannot be read.
    """
    if int(request.headers.get("content-length", 0)) > REQUEST_LIMIT:
        raise Refusal(413, "Request Entity Too Large")
    fields: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        fields.update(await _read_json(request))
    elif kind in FORMS:
        await _read_form(request, fields, uploads)
    return Params(fields, uploads)


async def _read_json(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise bad_request("can't parse request JSON object") from error
    if not isinstance(content, dict):
        raise bad_request("object expected as parameters")
    return {name: value for name, value in content.items() if value is not None}


async def _read_form(request: Request, fields: dict[str, Any], uploads: dict[str, Upload]) -> None:
    try:
        async with request.form(max_part_size=FIELD_LIMIT) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or name, mime, await value.read())
                else:
                    fields[name] = value
    except HTTPException as error:
        raise bad_request("can't parse the request body") from error
