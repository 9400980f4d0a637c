"""API v3: what a shop calls."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bodies import Refusal, parse_object, read_body
from sandbox.yookassa.errors import ApiError, error_answer
from sandbox.yookassa.idempotence import HEADER, Idempotence, check_key, digest_of
from sandbox.yookassa.listing import list_payments, list_refunds
from sandbox.yookassa.payments import Payments
from sandbox.yookassa.refunds import Refunds
from sandbox.yookassa.shops import Shops
from sandbox.yookassa.wire import Document

BAD_KEY = "Error in shopId or secret key. Check their validity. You can reissue the key in the Merchant Profile"


@dataclass(frozen=True, slots=True)
class Api:
    shops: Shops
    payments: Payments
    refunds: Refunds
    idempotence: Idempotence
    page: Callable[[str], str]  # payment id -> address of its checkout page

    def app(self) -> Starlette:
        """The application below /v3."""
        app = Starlette(
            routes=[
                Route("/me", self.me),
                Route("/payments", self.list_payments, methods=["GET"]),
                Route("/payments", self.create_payment, methods=["POST"]),
                Route("/payments/{id}", self.get_payment),
                Route("/payments/{id}/capture", self.capture, methods=["POST"]),
                Route("/payments/{id}/cancel", self.cancel, methods=["POST"]),
                Route("/refunds", self.list_refunds, methods=["GET"]),
                Route("/refunds", self.create_refund, methods=["POST"]),
                Route("/refunds/{id}", self.get_refund),
            ],
            exception_handlers={Refusal: _refuse, HTTPException: _refuse_route},
        )
        app.router.redirect_slashes = False
        return app

    async def me(self, request: Request) -> Response:
        shop_id = self._authorize(request)
        shop = self.shops.get(shop_id)
        fiscalization: Document = {"enabled": shop.fiscalization}
        if shop.fiscalization:
            fiscalization["provider"] = "yoo_receipt"
        return JSONResponse(
            {
                "account_id": shop_id,
                "status": "enabled",
                "test": shop.test,
                "fiscalization": fiscalization,
                "fiscalization_enabled": shop.fiscalization,
                "payment_methods": list(shop.methods),
                "itn": shop.itn,
            }
        )

    async def create_payment(self, request: Request) -> Response:
        def create(shop_id: str, body: Document) -> Document:
            return self.payments.create(shop_id, body, self.page)

        return await self._change(request, create)

    async def capture(self, request: Request) -> Response:
        def capture(shop_id: str, body: Document) -> Document:
            document = self._payment(shop_id, request.path_params["id"])
            self.payments.capture(document, body)
            return document

        return await self._change(request, capture)

    async def cancel(self, request: Request) -> Response:
        def cancel(shop_id: str, body: Document) -> Document:
            document = self._payment(shop_id, request.path_params["id"])
            self.payments.cancel(document)
            return document

        return await self._change(request, cancel)

    async def create_refund(self, request: Request) -> Response:
        return await self._change(request, self.refunds.create)

    async def get_payment(self, request: Request) -> Response:
        shop_id = self._authorize(request)
        return JSONResponse(self._payment(shop_id, request.path_params["id"])["object"])

    async def get_refund(self, request: Request) -> Response:
        shop_id = self._authorize(request)
        document = self.refunds.find(request.path_params["id"])
        if document is None or document["shop"] != shop_id:
            raise ApiError(404, "Incorrect refund_id. Refund doesn't exist or access denied.", "refund_id")
        return JSONResponse(document["object"])

    async def list_payments(self, request: Request) -> Response:
        shop_id = self._authorize(request)
        shown = [d["object"] for d in self.payments.newest_first(shop_id)]
        return JSONResponse(list_payments(shown, request.query_params))

    async def list_refunds(self, request: Request) -> Response:
        shop_id = self._authorize(request)
        shown = [d["object"] for d in self.refunds.newest_first(shop_id)]
        return JSONResponse(list_refunds(shown, request.query_params))

    async def _change(self, request: Request, act: Callable[[str, Document], Document]) -> Response:
        """A POST: `act` happens once for a key, and a repeat answers the same object as it is now.

        Nothing is awaited between the look at the key and its keeping, so concurrent repeats are repeats.
        """
        shop_id = self._authorize(request)
        body = await read_body(request)
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if body and kind != "application/json":
            raise ApiError(415, "Content-Type is not application/json")
        key = check_key(request.headers.get(HEADER))
        digest = digest_of(request.method, request.url.path, body)
        known = self.idempotence.find(shop_id, key, digest)
        if known is None:
            document = act(shop_id, parse_object(body))
            self.idempotence.keep(shop_id, key, digest, document["id"])
        else:
            document = self.payments.find(known) or self.refunds.find(known) or {}
        return JSONResponse(document["object"])

    def _authorize(self, request: Request) -> str:
        """The shop id of the Basic credentials.

        Raises:
            ApiError: 401.
        """
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            raise ApiError(401, "Basic authentication failed", "Authorization")
        try:
            shop_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise ApiError(401, "Basic authentication failed", "Authorization") from None
        shop = self.shops.find(shop_id)
        if shop is None or not hmac.compare_digest(shop.secret_key.encode(), secret.encode()):
            raise ApiError(401, BAD_KEY)
        return shop_id

    def _payment(self, shop_id: str, payment_id: str) -> Document:
        document = self.payments.find(payment_id)
        if document is None or document["shop"] != shop_id:
            raise ApiError(404, "Incorrect payment_id. Payment doesn't exist or access denied.", "payment_id")
        return document


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    parameter = error.parameter if isinstance(error, ApiError) else None
    return error_answer(error.status, error.description, parameter)


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_answer(error.status_code, "Not found")
