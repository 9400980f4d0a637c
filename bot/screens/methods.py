"""The ways to pay for a plan, and what choosing one of them accepts."""

from collections.abc import Sequence
from functools import reduce

from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.kit.money import Money
from backend.orders.checkout import CURRENCIES, MethodOffer
from backend.payments.providers import Providers
from backend.plans.models import Plan
from bot.callbacks import ChooseMethod, ChooseRenewed, Open, Screen, TickAutopay
from bot.screens.help import contact
from bot.view import Button, View, escape, paragraphs, quoted

COINS = ("btc", "eth", "ltc")  # they share a row; their price stands in the hint
TEST = "🧪"


def methods_view(
    t: Translate, plan: Plan, offers: Sequence[MethodOffer], brand: Brand, *, ticked: bool = False
) -> View:
    """The ways to pay, and what a tap on one accepts. `ticked`: those by which it can be renewed, and will be."""
    back = [Button(t("button-back"), Open(screen=Screen.HOME))]
    if not offers:
        return View(t("methods-none", support=contact(brand)), [back])
    renewed = [offer for offer in offers if offer.renewed_by == "shop"]
    ticked = ticked and bool(renewed)
    shown = min((offer.price for offer in offers), key=lambda price: CURRENCIES.index(price.currency))
    return View(
        paragraphs(
            t("methods-title", plan=escape(plan.name(t.language)), days=plan.days, price=shown),
            _renewal(t, plan, renewed) if ticked else t("methods-choose"),
            _tests(t, offers),
            quoted(*([] if ticked else _hints(t, offers)), *_renewal_hints(t, plan, offers)),
            consent(t, "methods", brand=brand),
        ),
        [
            *_rows(t, plan, offers, ticked=ticked),
            [_tick(t, plan, ticked=ticked)] if renewed else [],
            back,
        ],
    )


def _rows(t: Translate, plan: Plan, offers: Sequence[MethodOffer], *, ticked: bool) -> list[list[Button]]:
    """A button for every way to pay; what a company renews by itself has one of its own beside the single payment."""
    priced = len({offer.price for offer in offers}) > 1
    marked = not all(offer.test for offer in offers)
    rows: list[list[Button]] = []
    coins: list[Button] = []
    for offer in offers:
        is_coin = offer.method in COINS
        mark = f" {TEST}" if marked and offer.test else ""
        label = method_label(t, offer, priced=priced and not is_coin) + mark
        once = ChooseMethod(plan_id=plan.id, provider=offer.provider, method=offer.method)
        again = ChooseRenewed(plan_id=plan.id, provider=offer.provider, method=offer.method)
        if not ticked:
            row = coins if is_coin else []
            row.append(Button(label, once))
            if len(row) == 1:
                rows.append(row)
        if offer.renewed_by == "provider":
            name = method_name(t, offer.method)
            label = t("button-method-renewed", method=name, price=offer.price, days=plan.days)
            rows.append([Button(label + mark, again)])
        elif offer.renewed_by and ticked:
            rows.append([Button(label, again)])
    return rows


def _tick(t: Translate, plan: Plan, *, ticked: bool) -> Button:
    label = t("button-autopay-untick") if ticked else t("button-autopay-tick")
    return Button(label, TickAutopay(plan_id=plan.id, ticked=not ticked))


def _tests(t: Translate, offers: Sequence[MethodOffer]) -> str:
    """That no money is taken, by any of these or by those with the mark on their button."""
    if all(offer.test for offer in offers):
        return t("methods-test")
    return t("methods-test-some") if any(offer.test for offer in offers) else ""


def _renewal(t: Translate, plan: Plan, renewed: Sequence[MethodOffer]) -> str:
    """What choosing one of these methods agrees to."""
    sources = [t(f"method-from-{offer.method}") for offer in renewed]
    source = reduce(lambda one, other: t("autopay-or", one=one, other=other), sources)
    offer = t("autopay-offer", price=renewed[0].price, days=plan.days, **{"from": source})
    return paragraphs(offer, t("autopay-chosen"))


def _hints(t: Translate, offers: Sequence[MethodOffer]) -> list[str]:
    """What people should know of a provider before they choose it, where there is something."""
    prices = {f"methods-hint-{offer.provider}": offer.price for offer in offers}
    return [t(hint, price=price) for hint, price in prices.items() if t.has(hint)]


def _renewal_hints(t: Translate, plan: Plan, offers: Sequence[MethodOffer]) -> list[str]:
    """What companies renew by themselves."""
    by_company = [offer for offer in offers if offer.renewed_by == "provider"]
    return [t(f"autopay-hint-{offer.provider}", price=offer.price, days=plan.days) for offer in by_company]


def only_one(providers: Providers) -> bool:
    """Whether there is a single way to pay, so that a plan may be ordered by the tap that chooses it."""
    return sum(len(provider.methods) for provider in providers if provider.currencies) == 1


def plan_consent(t: Translate, providers: Providers, *, brand: Brand) -> str:
    """What choosing a plan accepts, where nothing is shown between that tap and the order."""
    return consent(t, "plan", brand=brand) if only_one(providers) else ""


def consent(t: Translate, where: str, *, brand: Brand) -> str:
    """What the next tap accepts: offer and privacy policy, linked where the shop has addresses for them."""
    offer = _linked(t("consent-offer"), brand.offer_url)
    privacy = _linked(t("consent-privacy"), brand.privacy_url)
    accepted = t(f"consent-{where}", offer=offer, privacy=privacy)
    return accepted if brand.offer_url and brand.privacy_url else f"{accepted} {t('consent-terms')}"


def sale_terms(t: Translate, *, days: int, price: Money, brand: Brand) -> str:
    """What is sold for how much, and by whom."""
    seller = t("consent-seller", seller=escape(brand.seller)) if brand.seller else ""
    return f"{t('consent-service', days=days, price=price)} {seller}".strip()


def _linked(text: str, url: str) -> str:
    return f'<a href="{escape(url)}">{text}</a>' if url else text


def method_name(t: Translate, method: str) -> str:
    """A way to pay within a sentence."""
    return t(f"method-{method}") if t.has(f"method-{method}") else method


def method_label(t: Translate, offer: MethodOffer, *, priced: bool) -> str:
    """A way to pay on a button; with its price where they differ."""
    label = f"button-method-{offer.method}"
    name = t(label) if t.has(label) else f"💳 {offer.method}"
    return t("button-method-price", method=name, price=offer.price) if priced else name
