"""The page about faults: every case once, and nothing it says is behind."""

from collections import Counter

from scripts.faults_page import CASES, FOLDER, NOT_YET, ROOT, cases, page


def test_every_case_is_there_exactly_once() -> None:
    numbers = Counter([*(case.number for case in cases()), *NOT_YET])

    assert sorted(numbers) == list(CASES)
    assert max(numbers.values()) == 1


def test_every_test_of_the_folder_is_a_case() -> None:
    tests = sum(file.read_text().count("\nasync def test_") for file in FOLDER.glob("test_*.py"))

    assert tests == len(cases())


def test_the_page_says_what_the_tests_say() -> None:
    assert (ROOT / "docs" / "faults.md").read_text() == page(), "the cases were changed: run `make docs`"


def test_the_page_names_every_test_and_its_file() -> None:
    shown = page()

    assert [case.test for case in cases() if f"](../{case.path}): `{case.test}`" not in shown] == []
