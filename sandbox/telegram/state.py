"""All that Telegram knows about one bot, and the tools that its methods share."""

from dataclasses import dataclass
from typing import Any

from sandbox.store import Document
from sandbox.telegram.chats import Chats
from sandbox.telegram.checkouts import Checkouts
from sandbox.telegram.feed import Feed
from sandbox.telegram.files import Files
from sandbox.telegram.invoices import Invoices
from sandbox.telegram.limits import Limits, Throttle
from sandbox.telegram.params import Params
from sandbox.telegram.profile import Profile
from sandbox.telegram.queries import Queries
from sandbox.telegram.refusal import Refusal, bad_request
from sandbox.telegram.stars import Stars
from sandbox.telegram.updates import UpdateQueue
from sandbox.world import World


@dataclass(frozen=True)
class Options:
    """What differs between a demo on one machine and Telegram itself."""

    limits: Limits | None = None  # None: the bot may send as fast as it likes
    strict_urls: bool = False  # refuse addresses that only this machine reaches, as Telegram does
    query_seconds: float = 15  # how long an app waits for the answer to a tap
    checkout_seconds: float = 10  # and for that to a pre-checkout query
    stars: int = 1000  # what everybody has at first


class Telegram:
    def __init__(self, world: World, token: str, bot: dict[str, Any], options: Options) -> None:
        self.world = world
        self.token = token
        self.bot = {"id": bot["id"], "is_bot": True, "first_name": bot["name"], "username": bot["username"]}
        self.options = options
        self.store = world.store("telegram")
        self.feed = Feed(self.store.collection("events"))
        self.chats = Chats(self.store, world.clock, self.bot, self.feed)
        self.updates = UpdateQueue(self.store, world.clock)
        self.files = Files(self.store)
        self.profile = Profile(self.store.collection("profile"), self.bot)
        self.throttle = Throttle(world.clock, options.limits)
        queries = self.store.collection("queries")
        self.queries = Queries(queries, world.clock, self.feed, seconds=options.query_seconds)
        self.invoices = Invoices(self.store.collection("invoices"))
        self.checkouts = Checkouts(self.store, world.clock, seconds=options.checkout_seconds)
        self.stars = Stars(self.store, world.clock, at_first=options.stars)

    @property
    def strict(self) -> bool:
        return self.options.strict_urls

    def person(self, params: Params) -> Document:
        """Whose chat a call means.

        Raises:
            Refusal: no such chat: the person never wrote to the bot.
        """
        chat_id = params.text("chat_id")
        if not chat_id:
            raise bad_request("chat_id is empty")
        person = self.chats.person(params.integer("chat_id"))
        if person is None or not person["started"]:
            raise bad_request("chat not found")
        return person

    def reachable(self, params: Params) -> Document:
        """Whose chat a call means, where the bot may speak.

        Raises:
            Refusal: no such chat, or the person blocked the bot.
        """
        person = self.person(params)
        if person["blocked"]:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return person

    def reset(self) -> None:
        self.updates.forget()
        self.store.reset()
        self.throttle.set(self.options.limits)
        self.feed.reset()
