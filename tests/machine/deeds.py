"""What every rule of the machine is made of."""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from hypothesis.strategies import SearchStrategy

from backend.kit.errors import ShopError
from tests.machine.record import Record
from tests.machine.right import comes_to_rest, is_right
from tests.machine.steps import Step
from tests.machine.world import BUYERS, World, open_world
from tests.shop import open_shop
from tests.town import Town

T = TypeVar("T")
Act = Callable[..., Awaitable[bool | None]]

WHO = st.integers(0, BUYERS - 1)
NTH = st.integers(0, 3)
TAKES = timedelta(seconds=3.7)  # every deed as long by the shop's clock, on a fast machine and on a slow one

RULES: set[str] = set()
"""The names of all there are."""


@dataclass
class Stage:
    """What a whole run of the machine stands on."""

    runner: asyncio.Runner
    town: Town
    record: Record


class Play(RuleBasedStateMachine):
    """A new shop for every example; in the end it must come to rest with everything right."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self._broken = False
        self._done: list[Step] = []
        self._open = contextlib.AsyncExitStack()
        self.world: World = self.runs(self._opens())

    def runs(self, work: Coroutine[Any, Any, T]) -> T:
        return self.stage.runner.run(work)

    async def _opens(self) -> World:
        self.stage.record.shops += 1
        await self.stage.record.take_moves()
        shop = await self._open.enter_async_context(open_shop(self.stage.town))
        return await self._open.enter_async_context(open_world(shop))

    def does(self, act: Act, chosen: dict[str, Any]) -> None:
        """What people are refused is a part of the game, and no deed."""

        async def goes() -> bool | None:
            began, moved = self.world.shop.now, self.world.moved
            try:
                return await act(self, **chosen)
            except ShopError:
                return False
            finally:
                self.world.takes(TAKES, began + self.world.moved - moved)

        self._done.append(Step(act.__name__, chosen))
        with self._noted():
            done = self.runs(goes())
        if done is False:
            self._done.pop()
        else:
            self.stage.record.rules[act.__name__] += 1

    def teardown(self) -> None:
        with self._noted():
            self.runs(self._closes())

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """What goes wrong is kept with what led to it: another time it may not."""
        try:
            yield
        except BaseException as error:
            self._broken = True
            self.stage.record.found.append("\n".join([*map(str, self._done), f"{type(error).__name__}: {error}"]))
            raise

    async def _closes(self) -> None:
        if self._broken:  # what broke it is on its way up
            error = AssertionError("broken off")
            with contextlib.suppress(AssertionError):
                await self._open.__aexit__(AssertionError, error, None)
            return
        async with self._open:
            await comes_to_rest(self.world)
            wrong = [*await self.stage.record.take_moves(), *await is_right(self.world)]
            assert not wrong, "\n".join(wrong)


def deed(
    *, when: Callable[[World], Any] | None = None, **choices: SearchStrategy[Any]
) -> Callable[[Act], Callable[..., None]]:
    """A rule, `when` this is true of the world. What it decorates answers False when nothing came of it.

    It is no precondition of hypothesis: what is drawn may not depend on how fast the machine under it is.
    """

    def decorate(act: Act) -> Callable[..., None]:
        @functools.wraps(act)
        def does(self: Play, **chosen: Any) -> None:
            if when is None or when(self.world):
                self.does(act, chosen)

        RULES.add(act.__name__)
        made: Callable[..., None] = cast(Any, rule)(**choices)(does)
        return made

    return decorate


def newest(items: Sequence[T], nth: int) -> T:
    """The newest for 0, the one before it for 1, and so on, round and round."""
    return items[-1 - nth % len(items)]
