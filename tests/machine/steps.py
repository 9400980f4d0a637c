"""One rule with what is chosen for it: as a failure shows it, and as a story has it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    rule: str
    chosen: dict[str, Any]

    def __str__(self) -> str:
        return f"do({', '.join([repr(self.rule), *(f'{name}={value!r}' for name, value in self.chosen.items())])}),"


def do(rule: str, **chosen: Any) -> Step:
    return Step(rule, chosen)
