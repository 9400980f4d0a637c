"""Rules: webhooks that travel badly or lie, companies and panels that break, our own queue that is lost."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.machine.deeds import NTH, Play, deed, newest
from tests.machine.there import There
from tests.machine.world import World

TRAVELS: dict[str, dict[str, Any]] = {
    "well": {},
    "never": {"drop": 1},
    "three times": {"dup": 1, "copies": 3},
    "late": {"delay": [900, 900]},
    "newest first": {"reorder": True},
    "with what was true before": {"stale": 1},
}
LIES = ("paid", "unsigned", "cheaper", "canceled")
CREATES = {"yookassa": "/v3/payments", "coingate": "/v2/orders", "stars": "*/createInvoiceLink"}
READS = {"yookassa": "/v3/payments*", "coingate": "/v2/orders*", "stars": "*/getStarTransactions"}
REFUNDS = {"yookassa": "/v3/refunds", "stars": "*/refundStarPayment"}
NO_ANSWERS = ("lost_before", "lost_after", "garbage", "http_429", "status")
REFUSALS: dict[str, dict[str, Any]] = {
    "yookassa": {"status": 400},
    "coingate": {"status": 422, "body": {"message": "Order is not valid", "reason": "OrderIsNotValid", "errors": []}},
    "stars": {"status": 400, "body": {"ok": False, "error_code": 400, "description": "Bad Request: INVOICE_INVALID"}},
}
COMPANY = st.sampled_from(["yookassa", "coingate", "stars"])


def deliveries(world: World) -> list[dict[str, Any]]:
    return world.shop.town.companies.yookassa._webhooks.newest_first()[::-1]


def can_be_lied_about(world: World) -> list[There]:
    return world.things(company="yookassa")


class Troubles(Play):
    # --- webhooks ---

    @deed(how=st.sampled_from(sorted(TRAVELS)))
    async def webhooks_travel(self, how: str) -> None:
        self.world.travel(TRAVELS[how])

    @deed(when=deliveries, nth=NTH)
    async def webhook_comes_again(self, nth: int) -> None:
        old = newest(deliveries(self.world), nth)
        await self.world.shop.yookassa.act(f"deliveries/{old['id']}/repeat", times=2)
        await self.world.post_comes()

    @deed(when=can_be_lied_about, nth=NTH, lie=st.sampled_from(LIES))
    async def somebody_forges(self, nth: int, lie: str) -> None:
        """To the right address, from the right one."""
        thing = newest(can_be_lied_about(self.world), nth)
        sold = json.loads(json.dumps(thing.document))
        status = "canceled" if lie == "canceled" else "succeeded"
        sold |= {"status": status, "paid": status == "succeeded"}
        if lie == "unsigned":
            sold["metadata"]["mac"] = "00000000.AAAA"
        if lie == "cheaper":
            sold["amount"] = {"value": "1.00", "currency": "RUB"}
        body = {"type": "notification", "event": f"payment.{status}", "object": sold}
        answer = await self.world.shop.webhook(body)
        assert answer.status_code == 200

    # --- companies ---

    @deed(company=COMPANY, mode=st.sampled_from(NO_ANSWERS))
    async def create_is_not_answered(self, company: str, mode: str) -> None:
        self.world.breaks(company, mode, CREATES[company], method="POST")

    @deed(company=COMPANY)
    async def create_is_refused(self, company: str) -> None:
        self.world.breaks(company, "status", CREATES[company], method="POST", **REFUSALS[company])

    @deed(company=COMPANY, mode=st.sampled_from(NO_ANSWERS), times=st.integers(1, 2))
    async def question_is_not_answered(self, company: str, mode: str, times: int) -> None:
        method = "POST" if company == "stars" else "GET"
        self.world.breaks(company, mode, READS[company], method=method, times=times)

    @deed(company=st.sampled_from(sorted(REFUNDS)), mode=st.sampled_from(NO_ANSWERS))
    async def refund_is_not_answered(self, company: str, mode: str) -> None:
        self.world.breaks(company, mode, REFUNDS[company], method="POST")

    @deed(company=COMPANY)
    async def company_goes_down(self, company: str) -> bool:
        if company in self.world.down:
            return False
        self.world.goes_down(company)
        return True

    @deed(when=lambda world: world.down.keys() - {"panel"}, nth=NTH)
    async def company_comes_back(self, nth: int) -> None:
        self.world.comes_back(newest([one for one in self.world.down if one != "panel"], nth))

    # --- the panel ---

    @deed(mode=st.sampled_from(["lost_before", "lost_after", "garbage", "status"]), times=st.integers(1, 3))
    async def panel_does_not_answer(self, mode: str, times: int) -> None:
        self.world.shop.panel.breaks(mode, times=times)

    @deed(when=lambda world: "panel" not in world.down)
    async def panel_goes_down(self) -> None:
        self.world.goes_down("panel")

    @deed(when=lambda world: "panel" in world.down)
    async def panel_comes_back(self) -> None:
        self.world.comes_back("panel")

    @deed()
    async def panel_is_backed_up(self) -> None:
        self.world.backups.append((await self.world.shop.panel.http.get("_ctl/snapshot")).json())

    @deed(when=lambda world: world.backups, nth=NTH)
    async def panel_is_put_back(self, nth: int) -> None:
        await self.world.shop.panel.act("restore", **newest(self.world.backups, nth))

    # --- ourselves ---

    @deed()
    async def jobs_are_lost(self) -> None:
        await self.world.shop.drop_jobs()
