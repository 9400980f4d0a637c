"""The machine: every rule there is, played at random by hypothesis, and then what chance left out."""

import random
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.machine.aftermath import Aftermath
from tests.machine.buying import Buying
from tests.machine.deeds import RULES
from tests.machine.record import EDGES, Record
from tests.machine.steps import Step
from tests.machine.stories import TO_EDGES, TOURS, tours_for
from tests.machine.troubles import Troubles

STEPS = 60


class Shopping(Buying, Troubles, Aftermath):
    """The whole shop and everything that happens around it."""

    @rule(tour=st.sampled_from(TOURS))
    def goes_its_usual_way(self, tour: Sequence[Step]) -> None:
        """In the midst of everything else: chance alone seldom comes to the end of a story."""
        for step in tour:
            getattr(self, step.rule)(**step.chosen)


def play_at_random(number: int, *, shops: int, shrink: bool = False) -> None:
    """So many shops, each of them decided by the seed."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(
        seed(number)(type("Seeded", (Shopping,), {})),
        settings=settings(
            max_examples=shops,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def play_what_is_left(record: Record) -> None:
    """Every rule and every move that chance has not come to; a run without all of them has proven little."""
    assert TO_EDGES.keys() == EDGES
    assert {step.rule for tour in TOURS for step in tour} == RULES
    for tour in tours_for(RULES - record.rules.keys(), set(record.unseen)):
        play(tour)
    missing = [*sorted(RULES - record.rules.keys()), *record.unseen]
    assert not missing, f"never happened: {missing}"


def play(steps: Sequence[Step]) -> None:
    """One shop in which these rules are played in this order."""
    shop = Shopping()
    try:
        shop.goes_its_usual_way(tour=steps)
    finally:
        shop.teardown()


def fresh_seed() -> int:
    return random.SystemRandom().randrange(1 << 32)
