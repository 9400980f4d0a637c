"""What answers are made of. Ids are strings, times RFC 3339 in UTC, money an exact amount with its currency."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.kit import money

Moment = Annotated[datetime, AfterValidator(lambda at: at.astimezone(UTC))]


def example(**values: Any) -> ConfigDict:
    """The configuration of a model that shows itself by this example. FastAPI drops null from them."""
    return ConfigDict(json_schema_extra={"examples": [values]})


RUBLES = {"amount": "299.00", "minor": 29900, "currency": "RUB"}


class Money(BaseModel):
    """An amount: to show, and in minor units to count with."""

    model_config = example(**RUBLES)

    amount: str = Field(description="Decimal, with as many digits after the dot as the currency has.")
    minor: int = Field(description="The same in the smallest unit of the currency: kopecks, cents.")
    currency: str = Field(description="ISO 4217, or XTR, which Telegram has of its own.")

    @classmethod
    def of(cls, amount: money.Money) -> "Money":
        return cls(amount=amount.decimal(), minor=amount.minor, currency=amount.currency.value)
