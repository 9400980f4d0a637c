"""API v2: what a merchant's server calls."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.acts import NotNow
from sandbox.bodies import Refusal, parse_object, read_body, read_form
from sandbox.coingate import views
from sandbox.coingate.accounts import Account, Accounts
from sandbox.coingate.checks import check_order
from sandbox.coingate.errors import ApiError, error_answer, not_valid, too_many
from sandbox.coingate.limits import Limits
from sandbox.coingate.listing import list_orders, page_of
from sandbox.coingate.market import Markets
from sandbox.coingate.orders import Orders
from sandbox.coingate.refunds import Refunds
from sandbox.store import Document

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Api:
    accounts: Accounts
    orders: Orders
    refunds: Refunds
    markets: Markets
    limits: Limits
    page: Callable[[str], str]  # id of an invoice page -> its address

    def app(self) -> ASGIApp:
        """The application below /v2."""
        app = Starlette(
            routes=[
                *self.markets.routes(),
                Route("/auth/test", self.test_token),
                Route("/orders", self.list_orders, methods=["GET"]),
                Route("/orders", self.create_order, methods=["POST"]),
                Route("/orders/{id}", self.get_order),
                Route("/orders/{id}/checkout", self.checkout, methods=["POST"]),
                Route("/orders/{id}/refunds", self.list_refunds, methods=["GET"]),
                Route("/orders/{id}/refunds", self.create_refund, methods=["POST"]),
                Route("/orders/{id}/refunds/{refund}", self.get_refund),
                Route("/refunds", self.all_refunds),
            ],
            exception_handlers={Refusal: _refuse, HTTPException: _refuse_route},
        )
        app.router.redirect_slashes = False
        return self._limited(app)

    async def test_token(self, request: Request) -> Response:
        self._authorize(request)
        return PlainTextResponse("OK")

    async def create_order(self, request: Request) -> Response:
        account = self._authorize(request)
        body = await _read(request)
        market = self.markets.now
        price = check_order(body, market)
        if not self.limits.admits(f"orders of {account.app_id}", market.orders_per_hour, 3600):
            raise too_many()
        order = self.orders.create(account, body, price)
        return JSONResponse(views.created(order, account, self.page(order["uuid"])))

    async def get_order(self, request: Request) -> Response:
        account = self._authorize(request)
        return JSONResponse(self.shown(self._order(account, request)))

    async def list_orders(self, request: Request) -> Response:
        account = self._authorize(request)
        around, found = list_orders(self.orders.newest_first(account.app_id), request.query_params)
        return JSONResponse({**around, "orders": [self.shown(order) for order in found]})

    async def checkout(self, request: Request) -> Response:
        """The merchant chooses the coin. For those only for whom support switched it on; how the others are told
        no is not published, but for the status.
        """
        account = self._authorize(request)
        body = await _read(request)
        order = self._order(account, request)
        if not account.checkout:
            raise ApiError(422, "Checkout is not enabled for this account", "CheckoutNotEnabled")
        missing = [name for name in ("pay_currency", "platform_id") if body.get(name) in (None, "")]
        if missing:
            said = (name.replace("_", " ").capitalize() for name in missing)
            raise not_valid("Order", [f"{name} can't be blank" for name in said])
        try:
            self.orders.choose(order, body["pay_currency"], body["platform_id"])
        except NotNow:
            raise not_valid("Order", [f"Order is {order['status']}"]) from None
        except ValueError as error:
            raise not_valid("Order", [str(error)]) from None
        return JSONResponse(views.checked_out(order, account, self.page(order["uuid"])))

    async def create_refund(self, request: Request) -> Response:
        account = self._authorize(request)
        body = await _read(request)
        refund = self.refunds.create(self._order(account, request), body)
        return JSONResponse(refund["object"])

    async def list_refunds(self, request: Request) -> Response:
        account = self._authorize(request)
        found = self.refunds.of_order(self._order(account, request))
        around, refunds = page_of(found, request.query_params, "refunds")
        return JSONResponse({**around, "refunds": refunds})

    async def all_refunds(self, request: Request) -> Response:
        account = self._authorize(request)
        around, refunds = page_of(self.refunds.newest_first(account.app_id), request.query_params, "refunds")
        return JSONResponse({**around, "refunds": refunds})

    async def get_refund(self, request: Request) -> Response:
        account = self._authorize(request)
        found = self.refunds.of_order(self._order(account, request))
        for refund in found:
            if str(refund["id"]) == request.path_params["refund"]:
                return JSONResponse(refund)
        raise ApiError(404, "Refund not found", "RefundNotFound")

    def shown(self, order: Document) -> Document:
        """An order as GET answers it."""
        account = self.accounts.get(order["app"])
        return views.shown(order, account, self.page(order["uuid"]), self.refunds.of_order(order))

    def _order(self, account: Account, request: Request) -> Document:
        order = self.orders.find(request.path_params["id"])
        if order is None or order["app"] != account.app_id:
            raise ApiError(404, "Order not found", "OrderNotFound")
        return order

    def _authorize(self, request: Request) -> Account:
        """The account of the token.

        Raises:
            ApiError: 401.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("token", "bearer") or not token.strip():
            raise ApiError(401, "Not found App by Access-Key", "BadCredentials")
        account = self.accounts.of_token(token.strip())
        if account is None:
            raise ApiError(401, "Auth Token is not valid", "BadAuthToken")
        return account

    def _limited(self, app: ASGIApp) -> ASGIApp:
        """So many requests a minute, public ones too; who asks is the token, or the address without one."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            client = headers.get(b"authorization", (scope["client"] or ("",))[0].encode())
            if self.limits.admits(client.decode("latin-1"), self.markets.now.requests_per_minute, 60):
                await app(scope, receive, send)
            else:
                await _refused(too_many())(scope, receive, send)

        return limited


async def _read(request: Request) -> Document:
    """The parameters of a request, JSON or form; of another type there are none.

    Raises:
        Refusal: 400 or 413.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == FORM:
        return dict(await read_form(request))
    body = await read_body(request)
    return parse_object(body) if kind == "application/json" else {}


def _refused(error: Refusal) -> Response:
    reason, errors = (error.reason, error.errors) if isinstance(error, ApiError) else (None, [])
    return error_answer(error.status, error.description, reason, errors)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _refused(error)


async def _refuse_route(request: Request, error: Exception) -> Response:
    return error_answer(404, "Page not found", "PageNotFound")
