"""What anybody may ask without a token: currencies, networks, rates, countries, addresses of the servers."""

from collections.abc import Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.coingate import coins
from sandbox.coingate.accounts import Market
from sandbox.coingate.amounts import iso, text
from sandbox.coingate.errors import ApiError
from sandbox.settings import changed
from sandbox.store import Collection, Document

COUNTRIES = {
    "DE": ("DEU", "Germany"),
    "GE": ("GEO", "Georgia"),
    "KZ": ("KAZ", "Kazakhstan"),
    "LT": ("LTU", "Lithuania"),
    "PL": ("POL", "Poland"),
    "RU": ("RUS", "Russia"),
    "US": ("USA", "United States"),
}


class Markets:
    """The market, over whose defaults the control API may set something; that survives a restart."""

    def __init__(self, clock: Clock, knobs: Collection) -> None:
        self._clock = clock
        self._knobs = knobs

    @property
    def now(self) -> Market:
        return changed(Market(), self._knobs.get("market") or {})

    def change(self, wanted: Document) -> Market:
        """
        Raises:
            ValueError: an unknown field or a value it cannot have; nothing changed.
        """
        kept = {**(self._knobs.get("market") or {}), **wanted}
        market = changed(Market(), kept)
        unknown = {*market.merchants, *market.shoppers} - COUNTRIES.keys()
        if unknown:
            raise ValueError(f"countries are of: {', '.join(COUNTRIES)}")
        self._knobs.put("market", kept)
        return market

    def as_json(self) -> Document:
        return asdict(self.now)

    def routes(self) -> list[Route]:
        return [
            Route("/ping", self.ping),
            Route("/currencies", self.currencies),
            Route("/platforms", self.platforms),
            Route("/rates", self.rates),
            Route("/rates/merchant", self.merchant_rates),
            Route("/rates/merchant/{one}/{other}", self.rate),
            Route("/ips-v4", self.addresses),
            Route("/countries/merchants", _countries(lambda: self.now.merchants)),
            Route("/countries/shoppers", _countries(lambda: self.now.shoppers)),
        ]

    async def ping(self, request: Request) -> Response:
        return JSONResponse({"ping": "pong", "time": iso(self._clock.now())})

    async def currencies(self, request: Request) -> Response:
        """All of them, or those that fit every filter given."""
        query, market = request.query_params, self.now
        found = [_described(currency, market) for currency in coins.CURRENCIES]
        for name in ("price", "pay", "receive"):
            if (wanted := query.get(f"merchant_{name}")) is not None:
                found = [c for c in found if c["merchant"][name] == (wanted.lower() == "true")]
        if kind := query.get("kind"):
            found = [c for c in found if c["kind"] == kind]
        return JSONResponse(found if _are_enabled(request) else [])

    async def platforms(self, request: Request) -> Response:
        found = [_network(platform) for platform in coins.PLATFORMS]
        return JSONResponse(found if _are_enabled(request) else [])

    async def rates(self, request: Request) -> Response:
        """What every currency costs in every other."""
        return JSONResponse({"merchant": _rates()})

    async def merchant_rates(self, request: Request) -> Response:
        return JSONResponse(_rates())

    async def rate(self, request: Request) -> Response:
        """A number and nothing around it."""
        one, other = (coins.find(request.path_params[name].upper()) for name in ("one", "other"))
        if one is None or other is None:
            raise ApiError(404, "Rate not found", "RecordNotFound")
        return PlainTextResponse(text(coins.rate(one, other)))

    async def addresses(self, request: Request) -> Response:
        """Where callbacks come from, one a line."""
        return PlainTextResponse(request.query_params.get("separator", "\n").join(self.now.ips))


def _are_enabled(request: Request) -> bool:
    """Whether enabled ones are asked for: all of them are."""
    return request.query_params.get("enabled", "").lower() != "false"


def _rates() -> Document:
    everything = coins.CURRENCIES
    return {
        one.symbol: {other.symbol: text(coins.rate(one, other)) for other in everything if other is not one}
        for one in everything
    }


def _countries(listed: Callable[[], tuple[str, ...]]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return JSONResponse(
            [
                {"alpha2_code": code, "alpha3_code": COUNTRIES[code][0], "name": COUNTRIES[code][1]}
                for code in listed()
            ]
        )

    return answer


def _described(currency: coins.Currency, market: Market) -> Document:
    networks = [{"id": p.id, "id_name": p.id_name, "title": p.title, "enabled": True} for p in currency.platforms]
    return {
        "id": currency.id,
        "title": currency.title,
        "kind": currency.kind,
        "symbol": currency.symbol,
        "native": True,
        "disabled": False,
        "disabled_message": None,
        "merchant": {
            "price": currency.symbol in market.price_currencies,
            "pay": bool(currency.platforms),
            "receive": currency.receive,
        },
        "platforms": networks or None,
    }


def _network(platform: coins.Platform) -> Document:
    on_it = [currency for currency in coins.CURRENCIES if platform in currency.platforms]
    return {
        "id": platform.id,
        "title": platform.title,
        "id_name": platform.id_name,
        "disabled": False,
        "disabled_message": None,
        "currencies": [{"id": c.id, "title": c.title, "symbol": c.symbol, "enabled": True} for c in on_it],
    }
