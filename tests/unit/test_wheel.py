"""What an installed shop needs besides its modules: pages, texts, lists."""

import fnmatch
import tomllib

from tests.house import PRODUCT, ROOT, report


def test_every_file_beside_the_modules_is_packed() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    globs = setuptools["package-data"]["*"]

    files = [
        file
        for package in PRODUCT
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    ]
    left_out = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if not any(fnmatch.fnmatch(file.name, glob) for glob in globs)
    ]

    assert files
    report(left_out, "Name this kind of file in pyproject.toml, [tool.setuptools.package-data].")
