"""Answers of real panels, by name."""

import json
from pathlib import Path
from typing import Any

from backend.kit.http import Answer

FILE = Path(__file__).parents[2] / "data" / "3x-ui-driver" / "answers.jsonl"
_LINES = {line["name"]: line for line in map(json.loads, FILE.read_text().splitlines())}


def answer(name: str) -> Answer:
    """As it came over HTTP."""
    line = _LINES[name]
    body = line["body"]
    return Answer(line["status"], {}, body.encode() if isinstance(body, str) else json.dumps(body).encode())


def obj(name: str) -> Any:
    """What the envelope holds."""
    return _LINES[name]["body"]["obj"]
