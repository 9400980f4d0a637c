"""The demo meets the world of another version of itself."""

import signal
import socket
from pathlib import Path

import psycopg
import pytest

from cli.postgres import Postgres
from tests.integration.terminal import terminal

pytestmark = pytest.mark.thorough


def command(*options: str) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return ["demo", "--port", str(free.getsockname()[1]), *options]


async def starts(home: Path, *, until: str = "The shop is open") -> None:
    """Start the demo on this world, see it say this, and stop it if it has not ended by itself."""
    async with terminal(*command("--data-dir", str(home / "world")), home=home) as seen:
        await seen.sees(until)
        if seen.process.returncode is None:
            seen.process.send_signal(signal.SIGTERM)
        await seen.ends()


def change(home: Path, statement: str) -> None:
    with Postgres(home / "world") as postgres, psycopg.connect(postgres.dsn) as connection:
        connection.execute(statement)


async def test_the_demo_opens_with_texts_that_changed_and_refuses_tables_it_does_not_know(tmp_path: Path) -> None:
    await starts(tmp_path)
    change(tmp_path, "update texts_seen set sha256 = 'of a draft'")
    await starts(tmp_path)

    change(tmp_path, "alter table orders rename column number to another")
    await starts(tmp_path, until="was made by another version: begin with an empty one by RESET=1.")

    change(tmp_path, "alter table orders rename column another to number")
    change(tmp_path, "update alembic_version set version_num = '9999'")
    await starts(tmp_path, until="brought up to date by a newer version of this program")


async def test_a_second_demo_deletes_nothing_of_the_one_that_runs_and_takes_a_data_dir_of_its_own(
    tmp_path: Path,
) -> None:
    world = tmp_path / "one" / "demo"
    async with terminal(*command(), home=tmp_path, DATA_DIR=str(tmp_path / "one")) as first:
        await first.sees("The shop is open")
        key = world.joinpath("secret.key").read_text()

        async with terminal(*command("--reset"), home=tmp_path, DATA_DIR=str(tmp_path / "one")) as second:
            await second.sees("Another program already runs the database", "give this one a DATA_DIR of its own")
            await second.ends()
        assert world.joinpath("secret.key").read_text() == key
        assert (world / "world").is_dir()

        async with terminal(*command("--reset"), home=tmp_path, DATA_DIR=str(tmp_path / "two")) as second:
            await second.sees("The shop is open")
            second.process.send_signal(signal.SIGTERM)
            await second.ends()
        first.process.send_signal(signal.SIGTERM)
        await first.ends()
