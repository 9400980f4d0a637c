"""The bugs of `make mutants` do not rot: each can still be put in, and has a test that is there."""

import ast

import pytest

from scripts.mutants import ROOT, Mutant, apply, mutants

MUTANTS = mutants()


def test_there_are_bugs_to_find() -> None:
    assert len(MUTANTS) >= 18


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.patch.stem)
def test_the_bug_can_be_put_in_and_its_test_is_there(mutant: Mutant) -> None:
    assert apply(mutant.patch, ROOT, "--check") == "", f"make {mutant.patch.name} anew for the code as it is now"
    functions = ast.walk(ast.parse((ROOT / mutant.file).read_text()))
    names = [node.name for node in functions if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert mutant.name in names


def test_a_bug_says_what_is_wrong_in_a_sentence() -> None:
    wrong = [mutant.wrong for mutant in MUTANTS]
    assert len(set(wrong)) == len(wrong)
    assert [text for text in wrong if not text.endswith(".")] == []
