"""Files the bot uploaded: photos in Telegram's sizes, and documents."""

import base64
import hashlib
import mimetypes
import struct
from pathlib import PurePath
from typing import Any

from sandbox.store import Document, Store
from sandbox.telegram.params import Upload
from sandbox.telegram.refusal import bad_request

PHOTO_LIMIT = 10 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
BOXES = (90, 320, 800, 1280)  # a photo is offered in sizes that fit squares of these sides
PREFIXES = {"photo": "AgACAgIAAxkBAAI", "document": "BQACAgIAAxkBAAI"}
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"


class Files:
    """Every upload is a new file. The sizes of a photo differ in what they say, not in their bytes.

    Telegram makes a JPEG of each size; this keeps the bytes as they came, so that a QR code stays exact.
    """

    def __init__(self, store: Store) -> None:
        # {"file": what a message says, "kind": photo or document, "upload", "path", "mime"} by file id
        self._files = store.collection("files")
        self._contents = store.collection("file contents")

    def find(self, file_id: str) -> Document | None:
        return self._files.get(file_id)

    def at(self, path: str) -> Document | None:
        return next((file for file in self._files if file["path"] == path), None)

    def content(self, file: Document) -> bytes:
        stored = self._contents.get(file["upload"])
        return base64.b64decode(stored["base64"]) if stored else b""

    def photo(self, source: Upload | str) -> list[dict[str, Any]]:
        """The photo as a message carries it, from an upload or from a file id: its sizes, smallest first.

        Raises:
            Refusal: not a picture that Telegram takes.
        """
        if isinstance(source, str):
            return self._sent(source, "photo")
        if len(source.content) > PHOTO_LIMIT:
            raise bad_request("file is too big")
        width, height = _picture_size(source.content)
        longest = max(width, height)
        boxes = [side for side in BOXES if side < longest][: len(BOXES) - 1]
        scales = [side / longest for side in boxes] + [min(1.0, BOXES[-1] / longest)]
        sizes = [{"width": max(1, round(width * scale)), "height": max(1, round(height * scale))} for scale in scales]
        is_jpeg = source.content.startswith(JPEG)
        suffix, mime = (".jpg", "image/jpeg") if is_jpeg else (".png", "image/png")
        return self._keep(Upload(f"photo{suffix}", mime, source.content), "photo", sizes)

    def document(self, source: Upload | str) -> dict[str, Any]:
        """The document as a message carries it, from an upload or from a file id.

        Raises:
            Refusal: it is empty or unknown.
        """
        if isinstance(source, str):
            return self._sent(source, "document")[0]
        if not source.content:
            raise bad_request("file must be non-empty")
        guess = mimetypes.guess_type(source.name)[0] or source.mime
        facts = {"file_name": source.name, "mime_type": guess}
        return self._keep(Upload(source.name, guess, source.content), "document", [facts])[0]

    def _sent(self, file_id: str, kind: str) -> list[dict[str, Any]]:
        if file_id.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")  # the sandbox asks nobody outside
        known = self._files.get(file_id)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if known["kind"] != kind:
            raise bad_request(f"can't use file of type {known['kind'].title()} as {kind.title()}")
        return [file["file"] for file in self._files if file["upload"] == known["upload"]]

    def _keep(self, upload: Upload, kind: str, sizes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        key = str(self._files.next_id())
        self._contents.put(key, {"base64": base64.b64encode(upload.content).decode()})
        path = f"{kind}s/file_{key}{PurePath(upload.name).suffix}"
        described = []
        for number, size in enumerate(sizes):
            digest = hashlib.sha256(f"{key}/{number}".encode() + upload.content).digest()
            token = base64.urlsafe_b64encode(digest).decode()
            file = {
                "file_id": f"{PREFIXES[kind]}{token[:40]}",
                "file_unique_id": f"AQAD{token[:11]}",
                "file_size": len(upload.content),
                **size,
            }
            entry = {"file": file, "kind": kind, "upload": key, "path": path, "mime": upload.mime}
            self._files.put(file["file_id"], entry)
            described.append(file)
        return described


def _picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or a JPEG, in pixels.

    Raises:
        Refusal: neither, or out of Telegram's bounds.
    """
    if not content:
        raise bad_request("file must be non-empty")
    if content.startswith(PNG) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
    elif content.startswith(JPEG):
        width, height = _jpeg_size(content)
    else:
        width, height = 0, 0
    if not width or not height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > 10000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """From the frame header; (0, 0) when there is none."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0
