"""A person's key: the link, its QR, the keys of single servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiogram import Router
from aiogram.types import CallbackQuery

from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.links.formats.base import Node, Profile, Status
from backend.links.formats.links import vless_link
from backend.links.formats.qr import fits, qr_png
from backend.links.service import load_profile
from backend.subscriptions import service as subscriptions
from backend.subscriptions.models import Subscription
from backend.users.models import User
from bot.callbacks import Open, Screen, ShowKey, ShowKeyQr
from bot.deps import Deps
from bot.screens.help import contact
from bot.view import CAPTION_LIMIT, TEXT_LIMIT, Button, View, copyable, escape, paragraphs, show, tell, visible_length

router = Router(name=__name__)

QR_SCALE = 10  # pixels a module: a chat shrinks pictures, it never sharpens them


@dataclass(frozen=True, slots=True)
class Holding:
    """A subscription with what its link holds now."""

    subscription: Subscription
    profile: Profile
    brand: Brand

    @property
    def link(self) -> str:
        """The subscription link; empty while the shop has no address that others reach."""
        return self.profile.web_page_url if self.brand.public_url else ""

    @property
    def nodes(self) -> Sequence[Node]:
        return self.profile.shown_nodes


async def load_holding(deps: Deps, user: User, subscription_id: UUID, t: Translate, now: datetime) -> Holding:
    """Raises SubscriptionNotFound, also for somebody else's."""
    async with deps.db.transaction() as session:
        subscription = await subscriptions.get_subscription(session, subscription_id, user_id=user.id)
        profile = await load_profile(session, subscription, user, brand=deps.brand, t=t, now=now)
    return Holding(subscription, profile, deps.brand)


def key_views(t: Translate, holding: Holding, now: datetime) -> list[View]:
    """The message with QR, link and key; a second one where the keys do not fit under the picture.

    Nothing to connect with (no server has the key, or time is over): one text that says why.
    """
    if not holding.nodes:
        return [View(lack_text(t, holding), [[subscription_button(t)]])]
    end = holding.profile.expires_at
    head = paragraphs(t("key-ready"), t("key-until", moment=t.moment(end, now)) if end else "")
    link = copyable(t("key-link"), holding.link) if holding.link else t("key-no-link")
    keys = key_texts(t, holding.nodes)
    rows = key_rows(t, holding)
    pictured = holding.link or vless_link(holding.nodes[0])
    photo = qr_png(pictured, QR_SCALE) if fits(pictured) else None
    whole = paragraphs(head, link, *keys, t("key-private"))
    if visible_length(whole) <= (CAPTION_LIMIT if photo else TEXT_LIMIT):
        return [View(whole, rows, photo)]
    first = View(paragraphs(head, link, t("key-private")), rows, photo)
    return [first, *(View(text) for text in packed(keys, left_out=t("key-link-only-page")))]


def lack_text(t: Translate, holding: Holding) -> str:
    """Why there is no key to show."""
    match holding.profile.status:
        case Status.DISABLED:
            return t("key-disabled", support=contact(holding.brand))
        case Status.LIMITED:
            return t("key-limited")
        case Status.EXPIRED | Status.NONE:
            return t("key-ended")
        case Status.ACTIVE:
            return t("key-coming")


def key_texts(t: Translate, nodes: Sequence[Node]) -> list[str]:
    """The raw key of every server, named where there are several."""
    if len(nodes) == 1:
        return [copyable(t("key-raw"), vless_link(nodes[0]))]
    return [copyable(t("key-raw-named", server=escape(node.remark)), vless_link(node)) for node in nodes]


def packed(texts: Sequence[str], left_out: str) -> list[str]:
    """As few messages as hold these texts; one that no message holds is left out, and that is said at the end."""
    short = [text for text in texts if visible_length(text) <= TEXT_LIMIT]
    messages: list[str] = []
    for text in [*short, *([left_out] if len(short) < len(texts) else [])]:
        longer = paragraphs(*messages[-1:], text)
        if visible_length(longer) <= TEXT_LIMIT:
            messages[-1:] = [longer]
        else:
            messages.append(text)
    return messages


def key_rows(t: Translate, holding: Holding) -> list[list[Button]]:
    """The ways on from a key."""
    subscription_id = holding.subscription.id
    return [
        connect_row(t, holding),
        [Button(t("button-how"), Open(screen=Screen.HELP))],
        [Button(t("button-key-qr"), ShowKeyQr(subscription_id=subscription_id)), subscription_button(t)],
    ]


def connect_row(t: Translate, holding: Holding) -> list[Button]:
    """The button to the connect page, where there is one."""
    return [Button(t("button-connect"), holding.link, style="primary")] if holding.link else []


def subscription_button(t: Translate) -> Button:
    return Button(t("button-subscription"), Open(screen=Screen.SUBSCRIPTION))


def key_qr_view(t: Translate, node: Node, *, named: bool) -> View:
    """One server's key as a picture. Its link must fit into a QR code."""
    server = t("key-qr-server", server=escape(node.remark)) if named else ""
    return View(
        paragraphs(t("key-qr"), server, t("key-qr-hint")),
        [[subscription_button(t)]],
        qr_png(vless_link(node), QR_SCALE),
    )


def choose_key_view(t: Translate, subscription_id: UUID, nodes: Sequence[Node]) -> View:
    """Which server's key to show."""
    return View(
        t("key-qr-choose"),
        [
            *(
                [
                    Button(
                        t("button-key-server", server=node.remark),
                        ShowKeyQr(subscription_id=subscription_id, number=number),
                    )
                ]
                for number, node in enumerate(nodes, 1)
            ),
            [subscription_button(t)],
        ],
    )


@router.callback_query(ShowKey.filter())
async def show_key(call: CallbackQuery, callback_data: ShowKey, deps: Deps, user: User, t: Translate) -> None:
    """Send link, QR and key again."""
    now = clock.now()
    await show(call, *key_views(t, await load_holding(deps, user, callback_data.subscription_id, t, now), now))


@router.callback_query(ShowKeyQr.filter())
async def show_key_qr(call: CallbackQuery, callback_data: ShowKeyQr, deps: Deps, user: User, t: Translate) -> None:
    """Send the QR of one key, asking for the server where there are several."""
    now = clock.now()
    holding = await load_holding(deps, user, callback_data.subscription_id, t, now)
    nodes, number = holding.nodes, callback_data.number
    if not nodes:
        await show(call, *key_views(t, holding, now))
        return
    if len(nodes) > 1 and not 1 <= number <= len(nodes):
        await show(call, choose_key_view(t, callback_data.subscription_id, nodes))
        return
    node = nodes[number - 1] if len(nodes) > 1 else nodes[0]
    if not fits(vless_link(node)):
        await tell(call, t("key-qr-too-long"), alert=True)
        return
    await show(call, key_qr_view(t, node, named=len(nodes) > 1))
