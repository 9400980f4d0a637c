"""`make fresh`: the image without Docker, from a bare Debian 12 to a sold key.

deploy/Dockerfile is followed step by step in folders made by debootstrap, from what is committed. Then the shop and
its emulated world run from the result as containers would: in a root that cannot be written, once as the image's
user and once as root, who has no user namespaces there.

Everything is mounted in a namespace of its own and runs in another: both end with this program, however it ends.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "out" / "fresh"
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
NEEDED = {"debootstrap": "debootstrap", "unshare": "util-linux", "setpriv": "util-linux", "git": "git"}


def main() -> int:
    """The exit code."""
    if obstacle := find_obstacle():
        sys.stderr.write(f"make fresh cannot run here: {obstacle}\n")
        return 2
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    began = time.monotonic()
    inside = [*WITH_US, *APART, sys.executable, "-m", "scripts.fresh_shop", str(PLACE)]
    try:
        passed = subprocess.run(inside, cwd=ROOT, check=False).returncode == 0  # noqa: S603
    except KeyboardInterrupt:
        passed = False
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
    seconds = time.monotonic() - began
    sys.stdout.write(f"===== {'1 passed, 0 failed' if passed else '0 passed, 1 failed'} in {seconds:.2f}s =====\n")
    return 0 if passed else 1


def find_obstacle() -> str | None:
    """What is missing on this machine, and what to do about it."""
    if os.geteuid() != 0:
        return "it needs root, for debootstrap and chroot. Try `sudo make fresh`."
    for program, package in NEEDED.items():
        if not shutil.which(program):
            return f"there is no {program} (apt-get install {package})."
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:  # noqa: S603
        return "root may not mount anything, as in most containers. Use a machine or a virtual one."
    return None


if __name__ == "__main__":
    sys.exit(main())
