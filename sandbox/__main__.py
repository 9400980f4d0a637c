"""The world as a process of its own: `python -m sandbox --port 8081`."""

import argparse
import asyncio
from pathlib import Path

from sandbox.companies import open_companies
from sandbox.server import server


def main() -> None:
    """Serve every emulator until stopped."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-url", help="where a browser reaches it; default: this port on 127.0.0.1")
    parser.add_argument("--webhook-url", help="where YooKassa sends webhooks")
    parser.add_argument("--clock-file", type=Path, help="the file with the moved clock; default: in memory")
    parser.add_argument("--data-dir", type=Path, help="keep the world there; default: in memory")
    options = parser.parse_args()
    companies = open_companies(
        public_url=options.public_url or f"http://127.0.0.1:{options.port}",
        clock_file=options.clock_file,
        data_dir=options.data_dir,
        webhook_url=options.webhook_url,
    )
    asyncio.run(server(companies.app(), port=options.port).serve())


if __name__ == "__main__":
    main()
