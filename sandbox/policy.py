"""How badly webhooks travel: the knobs of a company's delivery policy."""

import secrets
from dataclasses import asdict, dataclass, fields, replace

from sandbox.store import Document

CHANCE = secrets.SystemRandom()
FLAWS = ("corrupt", "wrong_ip", "wrong_token", "stale")
FOREIGN_IP = "203.0.113.66"


@dataclass(frozen=True, slots=True)
class Policy:
    """Probabilities from 0 to 1, unless said otherwise.

    The first four are rolled once for an event, the flaws anew for each attempt, so that a retry after
    the policy was cleared is a good one.
    """

    drop: float = 0.0  # the event is never delivered
    dup: float = 0.0  # the event is delivered `copies` times, at once
    copies: int = 2
    delay: tuple[float, float] = (0.0, 0.0)  # seconds of the moved clock, from and to
    reorder: bool = False  # events are held for a second, then the newest goes first
    corrupt: float = 0.0  # the body is cut in the middle
    wrong_ip: float = 0.0  # from an address that is not the company's
    wrong_token: float = 0.0  # to the right path but for its last part
    stale: float = 0.0  # with the object as it was before the event
    source_ip: str = ""  # what X-Forwarded-For says

    def changed(self, wanted: Document) -> "Policy":
        """This policy with some knobs turned.

        Raises:
            ValueError: no such knob, or a value it does not go to.
        """
        known = {f.name for f in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"no knob {name!r}, only: {', '.join(sorted(known))}")
            if not _fits(name, value):
                raise ValueError(f"{name} cannot be {value!r}")
        delay = {"delay": tuple(wanted["delay"])} if "delay" in wanted else {}
        return replace(self, **{**wanted, **delay})

    def as_json(self) -> Document:
        return asdict(self)

    def copies_of_event(self) -> int:
        return self.copies if _rolls(self.dup) else 1

    def loses_event(self) -> bool:
        return _rolls(self.drop)

    def seconds_late(self) -> float:
        return CHANCE.uniform(*self.delay)

    def flaws(self) -> list[str]:
        """What is wrong with the attempt about to be made."""
        return [name for name in FLAWS if _rolls(getattr(self, name))]


def _rolls(probability: float) -> bool:
    return CHANCE.random() < probability


def _fits(name: str, value: object) -> bool:
    if name == "source_ip":
        return isinstance(value, str) and value.isascii() and value.isprintable()
    if name == "reorder":
        return isinstance(value, bool)
    if name == "copies":
        return isinstance(value, int) and 1 <= value <= 1000
    if name == "delay":
        return (
            isinstance(value, list)
            and len(value) == 2
            and all(isinstance(seconds, int | float) for seconds in value)
            and 0 <= value[0] <= value[1]
        )
    return isinstance(value, int | float) and 0 <= value <= 1
