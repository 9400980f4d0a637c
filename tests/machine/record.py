"""What a run of the machine has tried: how often each rule did something, and how payments moved.

A trigger on `payments` writes every move into a table of the tests', in a schema that nobody empties: the product
takes no part in it.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg

EDGES = frozenset(
    (was, became)
    for was, all_became in {
        "new": ("pending", "confirming", "canceled", "review", "succeeded", "failed"),
        "pending": ("confirming", "canceled", "review", "succeeded"),
        "confirming": ("canceled", "review", "succeeded"),
        "canceled": ("review", "succeeded"),
        "failed": ("pending", "confirming", "canceled", "review", "succeeded"),
        "review": ("canceled", "succeeded"),
    }.items()
    for became in all_became
)
"""Every move a payment may make; each must be seen in a run, and no other."""

BIRTHS = frozenset({"new", "review", "failed"})
"""review: money that belongs to no order. failed: a second payment of one attempt, until it is told how it stands."""

WATCH = """
    create schema machine;
    create table machine.moves (was text, became text, payment uuid);
    create function machine.note() returns trigger language plpgsql security definer as $$
    begin
        insert into machine.moves values (case tg_op when 'UPDATE' then old.state end, new.state, new.id);
        return null;
    end $$;
    create trigger machine_born after insert on payments for each row execute function machine.note();
    create trigger machine_moved after update on payments for each row
        when (old.state is distinct from new.state) execute function machine.note();
"""
UNWATCH = """
    drop trigger if exists machine_born on payments;
    drop trigger if exists machine_moved on payments;
    drop schema if exists machine cascade;
"""


@dataclass
class Record:
    """Of one run, over all its shops."""

    dsn: str
    rules: Counter[str] = field(default_factory=Counter)
    edges: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)  # what went wrong, after the steps that led to it
    shops: int = 0
    began: float = field(default_factory=time.monotonic)

    def watch(self) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(f"{UNWATCH}{WATCH}")

    def unwatch(self) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(UNWATCH)

    async def take_moves(self) -> list[str]:
        """Count how payments have moved since the last time; what they may not do, in words."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            cursor = await connection.execute("delete from machine.moves returning was, became, payment")
            moves = await cursor.fetchall()
        wrong = []
        for was, became, payment in moves:
            if was is not None:
                self.edges[was, became] += 1
            if became not in BIRTHS if was is None else (was, became) not in EDGES:
                wrong.append(f"a payment may not move so: {was} -> {became}: {payment}")
        return wrong

    @property
    def unseen(self) -> list[tuple[str, str]]:
        return sorted(EDGES - self.edges.keys())

    @property
    def summary(self) -> str:
        operations, seconds = self.rules.total(), time.monotonic() - self.began
        return (
            f"machine: {operations} operations in {self.shops} shops, {seconds:.0f} s,"
            f" {operations / seconds:.1f} operations/s,"
            f" {len(self.rules)} rules, {len(self.edges)} of {len(EDGES)} edges"
        )
