"""The checkout page and what it posts: plain HTML forms, nothing from outside, nothing needs a script."""

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.bodies import Refusal, read_form
from sandbox.clock import Clock
from sandbox.languages import pick_language
from sandbox.yookassa import wire
from sandbox.yookassa.checkout.texts import NBSP, REASONS, money, reason_text, text_of
from sandbox.yookassa.instruments import CARDS, find_card
from sandbox.yookassa.payments import NotPending, Payments
from sandbox.yookassa.shops import METHODS, Shops
from sandbox.yookassa.wire import Document

HERE = Path(__file__).parent
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
BANKS = ("Северный банк", "Банк «Маяк»", "Волга Банк", "Банк «Полюс»", "Сова Банк")
WALLET_BALANCE = 1_250_000  # kopecks
PHONE = "+7 900 •••-44-77".replace(" ", NBSP)


class Checkout:
    """Routes of the page. `page` gives the address a phone opens, which the SBP code carries."""

    def __init__(self, clock: Clock, payments: Payments, shops: Shops, page: Callable[[str], str]) -> None:
        self._clock = clock
        self._payments = payments
        self._shops = shops
        self._page = page
        self._templates = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def routes(self) -> list[Route]:
        return [
            Route("/checkout/{id}", self.show, methods=["GET"]),
            Route("/checkout/{id}", self.submit, methods=["POST"]),
            Route("/checkout/{id}/code", self.show_code),
            Route("/checkout/{id}/bank", self.show_bank),
            Route("/checkout/{id}/status", self.status),
            Route("/assets/checkout.css", _asset("checkout.css", "text/css")),
            Route("/assets/checkout.js", _asset("checkout.js", "text/javascript")),
        ]

    async def show(self, request: Request) -> Response:
        """The form while the payment is pending, its outcome afterwards."""
        return self._show(request)

    async def show_code(self, request: Request) -> Response:
        """Where the bank asks for the code of a 3-D Secure card."""
        return self._show_pending(request, "code.html")

    async def show_bank(self, request: Request) -> Response:
        """What the payer's bank shows after an SBP code was scanned."""
        return self._show_pending(request, "bank.html")

    async def status(self, request: Request) -> Response:
        """What an open page asks for, to notice that the payment was made elsewhere."""
        document = self._payments.find(request.path_params["id"])
        if document is None:
            return JSONResponse({"status": "unknown"}, 404)
        language = _language(request, document)
        left = self._time_left(document, language)
        return JSONResponse({"status": document["object"]["status"], "left": left}, headers=HEADERS)

    async def submit(self, request: Request) -> Response:
        """What the payer pressed. Pressed twice, or too late, it only shows how the payment is."""
        try:
            form = await read_form(request)
        except Refusal as error:
            return HTMLResponse(error.description, error.status)
        document = self._payments.find(request.path_params["id"])
        if document is None:
            return self._show(request)
        try:
            answer = self._act(request, document, form)
        except NotPending:
            answer = None
        return answer or self._redirect(request, document, "", done=1)

    def _act(self, request: Request, document: Document, form: dict[str, str]) -> Response | None:
        """Do what `action` says; an answer only where the payer is not done yet."""
        payment_id, action = document["id"], form.get("action")
        if action == "pay":
            return self._pay(request, document, form)
        if action == "refuse":
            card = self._method(document, form.get("method")) == "bank_card"
            self._payments.decline(payment_id, "3d_secure_failed" if card else "general_decline")
        elif action == "decline" and form.get("reason") in REASONS:
            self._payments.decline(payment_id, form["reason"])
        elif action == "expire":
            self._payments.expire(payment_id)
        else:
            return self._show(request)
        return None

    def _pay(self, request: Request, document: Document, form: dict[str, str]) -> Response | None:
        method, saves = self._method(document, form.get("method")), "save" in form
        if method is None:
            return self._show(request)
        last4 = "4477"
        if method == "bank_card":
            card = find_card(form.get("number", ""))
            if card is None:
                return self._show(request, wrong_number=form.get("number", ""))
            if card.three_ds and "code" not in form:
                extra = {"number": card.number} | ({"save": 1} if saves else {})
                return self._redirect(request, document, "/code", **extra)
            if card.reason:
                self._payments.decline(document["id"], card.reason)
                return None
            last4 = card.number[-4:]
        self._payments.pay(document["id"], method, last4=last4, save=saves)
        return None

    def _method(self, document: Document, wanted: str | None) -> str | None:
        """The method the shop chose, else the payer's choice, if the shop offers it."""
        chosen = document["object"].get("payment_method", {}).get("type")
        return chosen or (wanted if wanted in self._offered(document) else None)

    def _offered(self, document: Document) -> list[str]:
        methods = self._shops.get(document["shop"]).methods
        return [name for name in methods if name in METHODS and (document["capture"] or name != "sbp")]

    def _show_pending(self, request: Request, template: str) -> Response:
        document = self._payments.find(request.path_params["id"])
        if document is None or document["object"]["status"] != "pending":
            return self._show(request)
        return self._render(request, document, template)

    def _show(self, request: Request, wrong_number: str | None = None) -> Response:
        document = self._payments.find(request.path_params["id"])
        if document is None:
            language = _language(request, None)
            return self._html("unknown.html", 404, t=text_of(language), language=language, base=_base(request))
        if document["object"]["status"] != "pending":
            return self._render(request, document, "result.html")
        return self._render(request, document, "pay.html", wrong_number=wrong_number)

    def _render(
        self, request: Request, document: Document, template: str, *, wrong_number: str | None = None
    ) -> Response:
        language = _language(request, document)
        shown, shop = document["object"], self._shops.get(document["shop"])
        method = self._method(document, request.query_params.get("method"))
        reason = shown.get("cancellation_details", {}).get("reason")
        refunded = wire.minor(shown["refunded_amount"]) if "refunded_amount" in shown else 0
        return self._html(
            template,
            400 if wrong_number is not None else 200,
            t=text_of(language),
            language=language,
            base=_base(request),
            link=self._link(request, document),
            query=request.query_params,
            shop=shop.name,
            payment=shown,
            amount=money(wire.minor(shown["amount"])),
            refunded=money(refunded) if refunded else None,
            reason=reason,
            reason_text=reason_text(reason, language) if reason else None,
            return_url=document.get("return_url"),
            left=self._time_left(document, language),
            method=method,
            method_is_fixed="payment_method" in shown,
            offered=self._offered(document),
            saving=document["save"] if shop.recurring else False,
            number=wrong_number if wrong_number is not None else CARDS[0].spaced,
            is_wrong=wrong_number is not None,
            cards=[(card.spaced, _effect(card.reason, card.three_ds, language)) for card in CARDS],
            reasons=[(name, reason_text(name, language)) for name in REASONS],
            banks=BANKS,
            balance=money(WALLET_BALANCE),
            phone=PHONE,
            qr=self._qr(document) if method == "sbp" else None,
        )

    def _html(self, template: str, status: int, **values: object) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(values), status, headers=HEADERS)

    def _qr(self, document: Document) -> Markup:
        code = segno.make(f"{self._page(document['id'])}/bank", error="m")
        return Markup(code.svg_inline(omitsize=True, border=0))  # noqa: S704 - our own address, as shapes

    def _time_left(self, document: Document, language: str) -> str | None:
        if document["object"]["status"] != "pending" or document["term"] is None:
            return None
        seconds = (datetime.fromisoformat(document["term"]) - self._clock.now()).total_seconds()
        return text_of(language)["left"].format(minutes=math.ceil(seconds / 60))

    def _link(self, request: Request, document: Document) -> Callable[..., str]:
        """Addresses of this payment's pages, in the language that was asked for."""

        def link(tail: str = "", **query: object) -> str:
            asked = request.query_params.get("lang")
            query = {"lang": asked, **query} if asked in ("ru", "en") else query
            return f"{_base(request)}/checkout/{document['id']}{tail}" + (f"?{urlencode(query)}" if query else "")

        return link

    def _redirect(self, request: Request, document: Document, tail: str, **query: object) -> Response:
        return RedirectResponse(self._link(request, document)(tail, **query), 303)


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _language(request: Request, document: Document | None) -> str:
    locale = document["locale"] if document else None
    accepted = request.headers.get("accept-language", "")
    return pick_language(request.query_params.get("lang"), locale, accepted)


def _effect(reason: str | None, three_ds: bool, language: str) -> str:
    texts = text_of(language)
    if reason:
        return reason_text(reason, language)
    return texts["card_3ds"] if three_ds else texts["card_ok"]


def _asset(name: str, kind: str) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        return FileResponse(HERE / name, media_type=kind)

    return send
