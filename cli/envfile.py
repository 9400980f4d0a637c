"""The file .env: changed without touching what stands around the change, and readable by its owner alone."""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

PLAIN = re.compile(r"[A-Za-z0-9_./:@,+=-]*")  # what every reader of such files takes without quotes


class Unwritable(ValueError):
    """No spelling of this value in the file would be read as the value."""


def changed(content: str, values: Mapping[str, str]) -> str:
    """The text of the file with these values: in place of the last line that sets a name, or at the end.

    Raises:
        Unwritable: names the variable.
    """
    end = "\r\n" if "\r\n" in content else "\n"
    bindings = list(parse_stream(io.StringIO(content)))
    lines = [binding.original.string for binding in bindings]
    last = {binding.key.upper(): place for place, binding in enumerate(bindings) if binding.key}
    for name, value in values.items():
        line = f"{name}={_quoted(value)}{end}"
        if name in last:
            exported = re.match(r"\s*(export\s+)?", lines[last[name]])
            lines[last[name]] = (exported.group() if exported else "") + line
        else:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += end
            lines.append(line)
    text = "".join(lines)
    read = {(name.upper()): value for name, value in dotenv_values(stream=io.StringIO(text)).items()}
    for name, value in values.items():
        if read.get(name) != value:
            raise Unwritable(name)
    return text


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def read(file: Path) -> str:
    """Its text, without the mark that some editors put at the beginning; empty when there is no file."""
    return file.read_bytes().decode("utf-8-sig") if file.exists() else ""  # as it is: Windows ends lines its own way


def write(file: Path, content: str) -> None:
    """Put the whole file in place at once, with mode 0600. It keeps its owner.

    Raises:
        OSError: it cannot be written; the former one stands.
    """
    file = file.resolve()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")  # mode 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as new:
            new.write(content)
        if file.exists():
            with contextlib.suppress(PermissionError):
                os.chown(name, file.stat().st_uid, file.stat().st_gid)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
