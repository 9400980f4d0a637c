"""What is said of an amount that is none."""

import pytest

from backend.kit.money import to_minor


def test_what_is_no_amount_is_repeated_to_forty_characters() -> None:
    with pytest.raises(ValueError, match="not an amount") as refused:
        to_minor("9" * 1000)

    assert str(refused.value) == f"not an amount: {'9' * 40!r}"
