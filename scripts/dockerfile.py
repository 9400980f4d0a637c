"""A Dockerfile as stages and steps: as much of the language as ours uses."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its word in capitals, and what follows with continued lines joined."""

    word: str
    rest: str

    @property
    def options(self) -> dict[str, str]:
        """`--from=build` and its like."""
        given = (part[2:].partition("=") for part in self.rest.split() if part.startswith("--"))
        return {name: value for name, _, value in given}

    @property
    def arguments(self) -> list[str]:
        """What follows the options, as the shell would cut it; of the JSON form, its items."""
        if self.rest.lstrip().startswith("["):
            return [str(item) for item in json.loads(self.rest)]
        words = shlex.split(self.rest)
        while words and words[0].startswith("--"):
            del words[0]
        return words


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    base: str
    name: str
    steps: tuple[Step, ...]

    def last(self, word: str) -> Step | None:
        return next((step for step in reversed(self.steps) if step.word == word), None)


def read_dockerfile(text: str) -> list[Stage]:
    """The stages in their order.

    Raises:
        ValueError: something stands before the first FROM.
    """
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stages: list[Stage] = []
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word.upper() == "FROM":
            base, *named = rest.split()
            stages.append(Stage(base, named[1] if named else "", ()))
        elif stages:
            before = stages[-1]
            stages[-1] = Stage(before.base, before.name, (*before.steps, Step(word.upper(), rest.strip())))
        else:
            raise ValueError(f"{word} stands before the first FROM")
    return stages


def expand(text: str, variables: Mapping[str, str]) -> str:
    """With `$NAME` and `${NAME}` replaced, as ENV does it; unknown ones are empty."""
    return VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)
