"""Rules played in a given order: what a run has not come to by itself, it is led to."""

from collections.abc import Sequence

from tests.machine.steps import Step, do

CARD, COINS, STARS = [do("buys", who=0, way=way, code="monthly") for way in ("card", "coins", "stars")]
LOOKS, PAYS, DECIDED = (
    do("worker_runs"),
    do("pays", nth=0),
    [do("operator_decides", nth=0, accepts=a) for a in (True, False)],
)
OTHERWISE = do("pays_another_account", nth=0)
ARRIVES = do("request_arrives_after_all", nth=0)
ON_ITS_WAY = [COINS, do("sends_coins", nth=0), LOOKS]
EXPIRED = [COINS, do("sends_no_coins", nth=0, how="expire"), LOOKS]
LOST = {
    company: do("create_is_not_answered", company=company, mode="lost_after") for company in ("yookassa", "coingate")
}
REFUSED = [do("create_is_refused", company="yookassa"), CARD]
REFUSED_COINS = [do("create_is_refused", company="coingate"), COINS]
BOUGHT = [CARD, PAYS, LOOKS]
NEARLY_AN_HOUR = [do("time_passes", how_long="10 min")] * 5
LATER = do("time_passes_at_work", how_long="10 min")

TO_EDGES: dict[tuple[str, str], Sequence[Step]] = {
    ("new", "pending"): [CARD],
    ("new", "confirming"): [LOST["coingate"], COINS, do("sends_coins", nth=0), LATER],
    ("new", "canceled"): [LOST["coingate"], COINS, do("sends_no_coins", nth=0, how="cancel"), LATER],
    ("new", "review"): [
        do("subscribes", who=0),
        do("charge_comes_due", who=0, unanswered=True),
        do("time_passes_at_work", how_long="25 h"),
    ],
    ("new", "succeeded"): [LOST["yookassa"], CARD, PAYS, LOOKS],
    ("new", "failed"): REFUSED,
    ("pending", "confirming"): ON_ITS_WAY,
    ("pending", "canceled"): [CARD, do("is_declined", nth=0, reason="card_expired"), LOOKS],
    ("pending", "review"): [CARD, OTHERWISE, LOOKS],
    ("pending", "succeeded"): BOUGHT,
    ("confirming", "canceled"): [*ON_ITS_WAY, do("network_rejects", nth=0), LOOKS],
    ("confirming", "review"): [*ON_ITS_WAY, do("network_confirms", nth=0, otherwise=True), LOOKS],
    ("confirming", "succeeded"): [*ON_ITS_WAY, do("network_confirms", nth=0, otherwise=False), LOOKS],
    ("canceled", "review"): [*EXPIRED, do("coins_come_late", nth=0, otherwise=True), LOOKS],
    ("canceled", "succeeded"): [*EXPIRED, do("coins_come_late", nth=0, otherwise=False), LOOKS],
    ("failed", "pending"): [*REFUSED, *NEARLY_AN_HOUR, ARRIVES, do("time_passes_at_work", how_long="10 min")],
    ("failed", "confirming"): [*REFUSED_COINS, ARRIVES, do("sends_coins", nth=0), LOOKS],
    ("failed", "canceled"): [*REFUSED, ARRIVES, do("lets_it_expire", nth=0), LOOKS],
    ("failed", "review"): [*REFUSED, ARRIVES, OTHERWISE, LOOKS],
    ("failed", "succeeded"): [*REFUSED, ARRIVES, PAYS, LOOKS],
    ("review", "canceled"): [CARD, OTHERWISE, LOOKS, DECIDED[1]],
    ("review", "succeeded"): [CARD, OTHERWISE, LOOKS, DECIDED[0]],
}
"""By the move of a payment that it ends with."""

TOURS: Sequence[Sequence[Step]] = [
    *TO_EDGES.values(),
    [*BOUGHT, do("we_give_back", nth=0, part=2), LOOKS, do("somebody_gives_back", nth=0, part=1)],
    [
        *BOUGHT,
        do("refund_is_not_answered", company="yookassa", mode="lost_after"),
        do("we_give_back", nth=0, part=1),
        LOOKS,
    ],
    [*ON_ITS_WAY, do("network_confirms", nth=0, otherwise=False), LOOKS, do("coins_go_back_in_another_order", nth=0)],
    [*BOUGHT, do("bank_disputes", nth=0, ends="lost")],
    [
        CARD,
        do("pays_twice", nth=0, held=True),
        do("tries_again", nth=0, way="stars"),
        do("comes_back_to_look", nth=0),
    ],
    [CARD, PAYS, do("agrees_to_renewals", nth=0), PAYS, LOOKS],
    [STARS, do("pays_stars", nth=0), do("somebody_gives_back", nth=0, part=1), LOOKS],
    [STARS, do("pays_stars_and_the_bot_dies", nth=0), do("jobs_are_lost")],
    [do("takes_the_trial", who=1), do("wants_a_new_link", who=1), LOOKS],
    [
        do("panel_is_backed_up"),
        do("panel_does_not_answer", mode="lost_after", times=1),
        *BOUGHT,
        do("panel_goes_down"),
        CARD,
        PAYS,
        LOOKS,
        do("panel_comes_back"),
        do("panel_is_put_back", nth=0),
    ],
    [
        do("webhooks_travel", how="never"),
        CARD,
        PAYS,
        do("webhooks_travel", how="well"),
        do("webhook_comes_again", nth=0),
        do("somebody_forges", nth=0, lie="canceled"),
    ],
    [
        do("question_is_not_answered", company="yookassa", mode="garbage", times=2),
        do("company_goes_down", company="yookassa"),
        CARD,
        do("company_comes_back", nth=0),
        do("operator_blocks", who=0),
        do("operator_unblocks", nth=0),
    ],
    [
        do("subscribes", who=0),
        do("charge_comes_due", who=0, unanswered=True),
        do("pays_while_a_charge_hangs", who=0),
    ],
    [
        do("subscribes", who=0),
        do("pays_himself_as_a_charge_comes_due", who=0, way="coins"),
        do("time_passes_at_work", how_long="3 h"),
        do("network_confirms", nth=0, otherwise=False),
        do("subscribes", who=1),
        do("pays_himself_as_a_charge_comes_due", who=1, way="sbp"),
    ],
    [
        do("subscribes", who=0),
        do("card_will_say", nth=0, says="canceled:insufficient_funds"),
        do("charge_comes_due", who=0, unanswered=False),
        do("switches_renewals_off", who=0),
    ],
]
"""Each rule is in one of them."""


def tours_for(rules: set[str], edges: set[tuple[str, str]]) -> list[Sequence[Step]]:
    """What is to be played so that these rules and these moves are seen."""
    chosen = [TO_EDGES[edge] for edge in sorted(edges)]
    for tour in TOURS:
        missing = rules - {step.rule for one in chosen for step in one}
        if missing & {step.rule for step in tour}:
            chosen.append(tour)
    return chosen
