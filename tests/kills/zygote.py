"""Everything of the shop imported once; each start is a fork of that: a tenth of a second instead of two.

Reads one JSON object a line, {"arguments": [...], "environment": {...}, "log": path, "home": path}, and answers with
the new process's id.
"""

import ctypes
import json
import os
import signal
import sys
from importlib import import_module
from typing import NoReturn

PR_SET_PDEATHSIG = 1
COMMANDS = (
    "cli.main",
    "cli.running",
    "cli.processes",
    "cli.wiring",
    "uvicorn.protocols.http.auto",
    "uvicorn.lifespan.on",
)


def main() -> None:
    for name in COMMANDS:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        wish = json.loads(line)
        child = os.fork()
        if child == 0:
            become(wish)
        print(child, flush=True)  # noqa: T201


def become(wish: dict[str, object]) -> NoReturn:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(str(wish["log"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for descriptor, stream in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(descriptor, stream)
    os.chdir(str(wish["home"]))
    os.environ.clear()
    os.environ.update(wish["environment"])  # type: ignore[arg-type]
    sys.argv = ["vpn-service", *wish["arguments"]]  # type: ignore[misc]
    code = 1
    try:
        import_module("cli.main").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
