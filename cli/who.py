"""Who does it, for the log of what operators did."""

import getpass
import os


def actor() -> str:
    """Who sits at the terminal, as "cli:root"; the user of a container may have no name."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
