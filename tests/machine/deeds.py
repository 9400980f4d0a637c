"""What every rule of the machine is made of."""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from hypothesis.strategies import SearchStrategy

from backend.kit.errors import ShopError
from tests.machine.record import Record
from tests.machine.right import comes_to_rest, is_right
from tests.machine.world import BUYERS, World, open_world
from tests.shop import open_shop
from tests.town import Town

T = TypeVar("T")
Act = Callable[..., Awaitable[bool | None]]

WHO = st.integers(0, BUYERS - 1)
NTH = st.integers(0, 3)

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
            try:
                return await act(self, **chosen)
            except ShopError:
                return False

        try:
            done = self.runs(goes())
        except BaseException:
            self._broken = True
            raise
        if done is not False:
            self.stage.record.rules[act.__name__] += 1

    def teardown(self) -> None:
        self.runs(self._closes())

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
    """A rule, `when` this is true of the world. What it decorates answers False when nothing came of it."""

    def decorate(act: Act) -> Callable[..., None]:
        @functools.wraps(act)
        def does(self: Play, **chosen: Any) -> None:
            self.does(act, chosen)

        RULES.add(act.__name__)
        made: Callable[..., None] = cast(Any, rule)(**choices)(does)
        return made if when is None else precondition(lambda self: bool(when(self.world)))(made)

    return decorate


def newest(items: Sequence[T], nth: int) -> T:
    """The newest for 0, the one before it for 1, and so on, round and round."""
    return items[-1 - nth % len(items)]
