"""The invoice and what it posts: plain HTML forms, nothing from outside, nothing needs a script."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.acts import NotNow
from sandbox.bodies import Refusal, read_form
from sandbox.clock import Clock
from sandbox.coingate import coins
from sandbox.coingate.amounts import text
from sandbox.coingate.api import Api
from sandbox.coingate.invoice.texts import NBSP, money, text_of
from sandbox.coingate.orders import OPEN, SHARES, amount_to_send
from sandbox.coingate.views import due, overpaid
from sandbox.languages import pick_language
from sandbox.store import Document

HERE = Path(__file__).parent
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


class Invoice:
    """Routes of the page."""

    def __init__(self, clock: Clock, api: Api) -> None:
        self._clock = clock
        self._api = api
        self._templates = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def routes(self) -> list[Route]:
        return [
            Route("/invoice/{id}", self.show, methods=["GET"]),
            Route("/invoice/{id}", self.submit, methods=["POST"]),
            Route("/invoice/{id}/status", self.status),
            Route("/assets/invoice.css", _asset("invoice.css", "text/css")),
            Route("/assets/invoice.js", _asset("invoice.js", "text/javascript")),
        ]

    async def show(self, request: Request) -> Response:
        return self._show(request)

    async def submit(self, request: Request) -> Response:
        """What was pressed. Pressed twice, or too late, it only shows how the order is."""
        try:
            form = await read_form(request)
        except Refusal as error:
            return HTMLResponse(error.description, error.status)
        order = self._api.orders.at_page(request.path_params["id"])
        if order is None:
            return self._show(request)
        try:
            self._act(order, form)
        except NotNow:
            pass  # the page shows why
        except ValueError:
            return self._show(request)
        return RedirectResponse(_link(request, order)(done=1), 303)

    async def status(self, request: Request) -> Response:
        """What an open page asks for, to notice what happened and how time was moved."""
        order = self._api.orders.at_page(request.path_params["id"])
        if order is None:
            return JSONResponse({"state": "unknown"}, 404)
        state = {"state": _state(order), "status": order["status"], "left": self._seconds_left(order)}
        return JSONResponse(state, headers=HEADERS)

    def _act(self, order: Document, form: dict[str, str]) -> None:
        """Do what `action` says.

        Raises:
            NotNow: the order is past it.
            ValueError: there is no such thing to do.
        """
        orders, action = self._api.orders, form.get("action", "")
        steps: dict[str, Callable[[Document], None]] = {
            "confirm": orders.confirm,
            "reject": orders.reject,
            "expire": orders.expire,
            "cancel": orders.cancel,
            "late": orders.send_late,
            "accept": orders.accept,
        }
        if action == "choose":
            orders.choose(order, form.get("coin"), form.get("platform"))
        elif action in SHARES:
            orders.send(order, amount_to_send(order, action))
        elif action == "refund":
            self._api.refunds.external(order, None)
        elif action in steps:
            steps[action](order)
        else:
            raise ValueError(action)

    def _show(self, request: Request) -> Response:
        order = self._api.orders.at_page(request.path_params["id"])
        accepted = request.headers.get("accept-language", "")
        language = pick_language(request.query_params.get("lang"), None, accepted)
        common = {"t": text_of(language), "language": language, "base": _base(request)}
        if order is None:
            return self._html("unknown.html", 404, **common)
        is_choosing = order["status"] == "new" or ("change" in request.query_params and not order["transactions"])
        template = "result.html"
        if order["status"] in OPEN:
            template = "choose.html" if is_choosing else "pay.html"
        account, price = self._api.accounts.get(order["app"]), Decimal(order["price_amount"])
        refunded = self._api.refunds.returned(order)
        return self._html(
            template,
            200,
            **common,
            link=_link(request, order),
            query=request.query_params,
            order=order,
            shop=account.name,
            price=money(price, order["price_currency"], language),
            left=self._seconds_left(order),
            clock=_clock(self._seconds_left(order)),
            state=_state(order),
            is_late=self._api.orders.is_late(order),
            going_to=_going_to(order),
            refunded=money(refunded, order["price_currency"], language) if refunded else None,
            coins=[_offer(coins.get(symbol), order) for symbol in account.coins],
            chosen=_chosen(order) if order["coin"] else None,
        )

    def _html(self, template: str, status: int, **values: object) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(values), status, headers=HEADERS)

    def _seconds_left(self, order: Document) -> int:
        """Until it expires, on the moved clock; 0 when it cannot any more."""
        if order["status"] not in OPEN:
            return 0
        return max(int((datetime.fromisoformat(order["expire_at"]) - self._clock.now()).total_seconds()), 0)


def _offer(currency: coins.Currency, order: Document) -> Document:
    """A coin to choose, with what the order costs in it."""
    price, priced = Decimal(order["price_amount"]), coins.get(order["price_currency"])
    return {
        "symbol": currency.symbol,
        "title": currency.title,
        "amount": _coins(coins.price_in(price, priced, currency), currency.symbol),
        "platforms": currency.platforms,
    }


def _chosen(order: Document) -> Document:
    """What there is to say about the payment in the chosen coin."""
    coin = order["coin"]
    currency, symbol = coins.get(coin["symbol"]), coin["symbol"]
    platform, missing = currency.platform(coin["platform_id"]), due(order)
    assert platform is not None  # it was checked when it was chosen
    uri = coins.payment_uri(platform, coin["address"], missing)
    code = segno.make(uri, error="m").svg_inline(omitsize=True, border=0)
    return {
        "symbol": symbol,
        "title": currency.title,
        "platform": platform,
        "address": coin["address"],
        "amount": _coins(Decimal(coin["amount"]), symbol),
        "missing": text(missing),
        "received": _coins(Decimal(order["received"]), symbol) if order["transactions"] else None,
        "overpaid": _coins(overpaid(order), symbol) if overpaid(order) else None,
        "uri": uri,
        "qr": Markup(code),  # noqa: S704 - our own text, as shapes
    }


def _state(order: Document) -> str:
    """Changes whenever the page has to look different."""
    coin = order["coin"] or {"address": ""}
    return f"{order['status']}-{order['received']}-{coin['address']}"


def _going_to(order: Document) -> str | None:
    """Where the shopper goes when it is over; nowhere when there was no such address."""
    paid = order["status"] in ("paid", "confirming")
    url: str | None = order["success_url" if paid else "cancel_url"]
    return url


def _coins(amount: Decimal, symbol: str) -> str:
    return f"{text(amount)}{NBSP}{symbol}"


def _clock(seconds: int) -> str:
    """19:59, 1:59:59"""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _link(request: Request, order: Document) -> Callable[..., str]:
    """Addresses of this invoice, in the language that was asked for."""

    def link(tail: str = "", **query: object) -> str:
        asked = request.query_params.get("lang")
        query = {"lang": asked, **query} if asked in ("ru", "en") else query
        return f"{_base(request)}/invoice/{order['uuid']}{tail}" + (f"?{urlencode(query)}" if query else "")

    return link


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _asset(name: str, kind: str) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        return FileResponse(HERE / name, media_type=kind)

    return send
