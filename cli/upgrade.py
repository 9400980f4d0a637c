"""Alembic at work."""

from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parent.parent


def upgrade(dsn: str) -> None:
    """Apply every migration that this database lacks."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")
