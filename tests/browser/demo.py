"""The demo as a newcomer starts it: one command, one port, a folder of its own."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 100.0  # seconds, PostgreSQL's first start included, on a machine that is busy


@contextlib.contextmanager
def running_demo(home: Path, log: Path, *, port: int = 0) -> Iterator[str]:
    """The address of a fresh demo, for as long as the block lasts. `port` 0: any that is free."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        port = listener.getsockname()[1]
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "cli.main", "demo", "--port", str(port), "--data-dir", str(home)]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as demo:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, demo, log)
            yield url
        finally:
            demo.terminate()
            try:
                demo.wait(15)
            except subprocess.TimeoutExpired:
                demo.kill()


def _wait(url: str, demo: subprocess.Popen[bytes], log: Path) -> None:
    """Until the demo has said that the shop is open."""
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        assert demo.poll() is None, f"the demo ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"the demo does not start:\n{log.read_text()}"
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/readyz", trust_env=False).is_success:
                return
        time.sleep(0.1)
