"""deploy/Dockerfile, followed without Docker: each stage is a folder with Debian 12 in it."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.dockerfile import Stage, Step, expand

DEBIAN = "bookworm"
PACKAGES = "ca-certificates,python3,python3-venv"
MIRROR = "http://deb.debian.org/debian"
START = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
# How this machine reaches its package index: given to the installing alone and never shown.
OF_NETWORK = re.compile(r"SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(https?|all|no)_proxy", re.IGNORECASE)
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts")
ADDRESS = re.compile(r"\w+://\S+|[\w.-]+\.[a-z]{2,}(:\d+)?(?=[/ '\"),]|$)")


class Failed(Exception):
    """A step did not work; the message says which, and what it said."""


@dataclass
class Image:
    """A folder that is a root, and what the Dockerfile says about running something in it."""

    folder: Path
    env: dict[str, str] = field(default_factory=lambda: dict(START))
    workdir: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    volume: str = ""
    health: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """A path of the image as one of this machine."""
        return self.folder / Path(self.workdir, inside).relative_to("/")

    def start(
        self, *command: str, user: str | None = None, env: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Run something as a container would."""
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603
                self._as(user or self.user, command),
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def run(self, *command: str, user: str | None = None, env: Mapping[str, str]) -> None:
        """Run something to its end.

        Raises:
            Failed: its exit code was not 0.
        """
        log = self.folder.with_suffix(".log")
        log.unlink(missing_ok=True)
        if code := self.start(*command, user=user, env=env, log=log).wait():
            raise Failed(f"{' '.join(command)[:120]} ended with {code}:\n{tail(log)}")

    def _as(self, user: str, command: Sequence[str]) -> list[str | Path]:
        there = ("/bin/sh", "-c", 'cd "$0" && exec "$@"', self.workdir)
        return ["chroot", f"--userspec={user}", "--groups=", self.folder, *there, *command]


def tail(log: Path, lines: int = 25) -> str:
    """The end of a log, without the address of anything."""
    return ADDRESS.sub("…", "\n".join(log.read_text(errors="replace").splitlines()[-lines:]))


def install_debian(folder: Path) -> None:
    """A bare Debian with Python, from where this machine has its own packages.

    Raises:
        Failed
    """
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        done = subprocess.run(  # noqa: S603
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, folder, _mirror()],  # noqa: S607
            env={**os.environ, "DPKG_FORCE": "unsafe-io"},  # nobody will miss it after a power cut
            stdout=out,
            stderr=out,
            check=False,
        )
    if done.returncode:
        raise Failed(f"debootstrap ended with {done.returncode}:\n{tail(log)}")


def _mirror() -> str:
    asked = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {DEBIAN}")
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603
    return found[0] if found else MIRROR


def build(stages: Sequence[Stage], *, bare: Path, context: Path, place: Path) -> Image:
    """Follow every stage; the last one's image.

    Raises:
        Failed
    """
    built: dict[str, Image] = {}
    for number, stage in enumerate(stages):
        folder = place / f"stage-{number}"
        subprocess.run(["cp", "-a", "--reflink=auto", bare, folder], check=True)  # noqa: S603, S607
        image = Image(folder)
        reach = _reach_index(image) if number < len(stages) - 1 else {}  # only what is thrown away sees the index
        for step in stage.steps:
            sys.stdout.write(f"  {step.word} {step.rest[:90]}\n")
            sys.stdout.flush()
            _follow(step, image, built=built, context=context, reach=reach)
        built[stage.name] = image
    return image


def _reach_index(image: Image) -> dict[str, str]:
    """Let pip in this image see what pip on this machine sees; the variables it needs."""
    variables = {name: value for name, value in os.environ.items() if OF_NETWORK.fullmatch(name)} | _settings_of_pip()
    for path in [Path(text) for text in (*NETWORK_FILES, *variables.values()) if text.startswith("/")]:
        inside = image.folder / path.relative_to("/")
        if path.exists():
            # a link in the image would lead out of it: take the place of it, never write through it
            copy = ("cp", "-rL", "--remove-destination", "--no-target-directory", path, inside)
            inside.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(copy, check=False)  # noqa: S603
    return variables


def _settings_of_pip() -> dict[str, str]:
    """What stands in this machine's files and variables for pip, as variables."""
    asked = (sys.executable, "-m", "pip", "config", "list")
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603
    pairs = (line.partition("=") for line in lines)
    return {
        "PIP_" + key.rpartition(".")[2].upper().replace("-", "_"): " ".join(ast.literal_eval(value).split())
        for key, _, value in pairs
    }


def _follow(step: Step, image: Image, *, built: Mapping[str, Image], context: Path, reach: Mapping[str, str]) -> None:
    match step.word:
        case "ENV":
            image.env |= dict(_pairs(step, image.env))
        case "WORKDIR":
            image.workdir = step.rest
            image.path("").mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = step.rest
        case "VOLUME":
            image.volume = step.rest
        case "ENTRYPOINT":
            image.entrypoint = step.arguments
        case "CMD":
            image.command = step.arguments
        case "HEALTHCHECK":
            image.health = Step("CMD", step.rest.partition("CMD ")[2]).arguments
        case "COPY":
            source = built[step.options["from"]].folder if "from" in step.options else context
            _copy(step.arguments, source, image)
        case "RUN":
            image.run("/bin/sh", "-c", step.rest, env=reach)
        case "EXPOSE":
            pass
        case unknown:
            raise Failed(f"Nobody taught this program what {unknown} means.")


def _pairs(step: Step, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for pair in step.arguments:
        name, _, value = pair.partition("=")
        yield name, expand(value, known)


def _copy(paths: Sequence[str], source: Path, image: Image) -> None:
    """As COPY does it: a folder's contents, or files into a folder or under a new name."""
    *wanted, target = paths
    for path in wanted:
        found, goal = source / path.lstrip("/"), image.path(target)
        if found.is_dir():
            shutil.copytree(found, goal, symlinks=True, dirs_exist_ok=True)
        else:
            goal = goal / found.name if target.endswith("/") else goal
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, goal)
