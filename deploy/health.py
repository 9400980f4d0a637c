"""Whether a container of this image does its work: `python3 deploy/health.py up|serve|bot|worker`. Exit code 1: no.

Nothing but Python's own library, since this starts anew every half a minute.
"""

import http.client
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

ESTABLISHED = "01"  # in the kernel's table of connections
POSTGRES_PORT = 5432


def main() -> int:
    """The exit code."""
    match sys.argv[1:]:
        case ["up" | "serve"]:
            return 0 if answers(int(os.environ.get("PORT") or 8080)) else 1
        case ["bot" | "worker"]:
            url = urlsplit(os.environ.get("DATABASE_URL", ""))
            return 0 if is_connected(url.port or POSTGRES_PORT) else 1
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


def answers(port: int) -> bool:
    """Whether the web part is ready: it has a migrated database."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_connected(port: int) -> bool:
    """Whether somebody in this container holds a connection to this port: bot and worker always do, to the database.

    While it is away they wait for it without one.
    """
    tables = [path for name in ("tcp", "tcp6") if (path := Path("/proc/net", name)).exists()]
    rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    return any(row[3] == ESTABLISHED and int(row[2].rpartition(":")[2], 16) == port for row in rows)


if __name__ == "__main__":
    sys.exit(main())
