"""The error tree."""

import pytest

from backend.kit.errors import Conflict, Invalid, NotFound, Outside, Refused, ShopError, Unavailable, Unproven
from backend.plans.service import PlanNotOnSale


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid, 400),
        (Unproven, 401),
        (NotFound, 404),
        (Conflict, 409),
        (Unavailable, 503),
        (Refused, 502),
        (Outside, 502),
        (ShopError, 500),
        (PlanNotOnSale, 409),
    ],
)
def test_every_branch_has_its_status(error: type[ShopError], status: int) -> None:
    assert error.status == status


def test_an_error_names_its_text_by_its_class() -> None:
    assert PlanNotOnSale.code == "error-plan-not-on-sale"
    assert ShopError.code == "error"


def test_an_error_says_what_it_is_about() -> None:
    error = PlanNotOnSale(plan=7)
    assert error.details == {"plan": 7}
    assert str(error) == "This plan is no longer on sale. {'plan': 7}"
    assert str(PlanNotOnSale()) == "This plan is no longer on sale."


def test_a_retry_helps_only_where_somebody_may_answer_later() -> None:
    assert issubclass(Unavailable, Outside)
    assert issubclass(Refused, Outside)
    assert not issubclass(Refused, Unavailable)
