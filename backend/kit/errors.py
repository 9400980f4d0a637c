"""Every way this product fails on purpose.

ShopError
├── Invalid          can never succeed as sent             HTTP 400
│   └── Unproven     the sender is not who it claims       HTTP 401
├── Forbidden        it is known who asks, and it is no    HTTP 403
├── NotFound         there is no such thing                HTTP 404
├── Conflict         the present state forbids it          HTTP 409
├── TooOften         asked more often than is reasonable   HTTP 429
└── Outside          somebody else's system failed
    ├── Unavailable  timeout, 429, 5xx: a retry may help   HTTP 503
    └── Refused      answered "no": a retry will not help  HTTP 502

Slices add leaves next to the code that raises them. Edges decide by branch: the API answers the status
above, the bot says the text named by `code`, a job tries again after `Unavailable`.
"""

import re
from typing import ClassVar


class ShopError(Exception):
    """Something in the shop went wrong."""

    code: ClassVar[str] = "error"  # Fluent message id, in every locale
    status: ClassVar[int] = 500

    def __init_subclass__(cls) -> None:  # PlanNotOnSale -> error-plan-not-on-sale
        cls.code = "error-" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, **details: object) -> None:
        self.details = details  # ids and amounts only: shown to people, written to logs
        super().__init__(f"{self.__doc__} {details or ''}".strip())


class Invalid(ShopError):
    """This can never succeed as it was sent."""

    status = 400


class Unproven(Invalid):
    """The sender is not who it claims to be."""

    status = 401


class Forbidden(ShopError):
    """Whoever asks may not have this."""

    status = 403


class NotFound(ShopError):
    """There is no such thing."""

    status = 404


class Conflict(ShopError):
    """The present state forbids it."""

    status = 409


class TooOften(ShopError):
    """This was asked too often."""

    status = 429  # with the detail retry_after_seconds


class Outside(ShopError):
    """Somebody else's system failed."""

    status = 502


class Unavailable(Outside):
    """No answer, or an answer that says: later. A retry may help."""

    status = 503


class Refused(Outside):
    """The answer is no. A retry will not help."""

    status = 502
