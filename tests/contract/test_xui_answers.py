"""How the emulated 3X-UI panel answers: sessions, pages, its subscription server, Go's decoder."""

import base64
from urllib.parse import unquote

import httpx2
import pytest

from tests.contract.xui_world import DAY_MS, GB, TOKEN, PanelWorld

pytest_plugins = ["tests.contract.xui_fixture"]


async def log_in(xui: PanelWorld) -> httpx2.Response:
    """Opens a session that `xui.http` keeps, and asks for the inbounds with it."""
    csrf = (await xui.http.get("/csrf-token")).json()["obj"]
    form = {"username": "admin", "password": "admin", "twoFactorCode": ""}
    answer = await xui.http.post("/login", json=form, headers={"X-CSRF-Token": csrf})
    assert answer.json()["success"], answer.text
    return await session_call(xui)


async def session_call(xui: PanelWorld) -> httpx2.Response:
    return await xui.http.get("/panel/api/inbounds/list", headers={"X-Requested-With": "XMLHttpRequest"})


# sessions -----------------------------------------------------------------------------------------------


async def test_a_session_ends_after_its_time_and_a_token_does_not(xui: PanelWorld) -> None:
    assert (await log_in(xui)).status_code == 200

    xui.world.clock.advance(360 * 60 + 1)

    assert (await session_call(xui)).status_code == 401
    assert len(await xui.get("inbounds/list")) == 1


async def test_five_wrong_logins_block_the_right_one_for_a_quarter_of_an_hour(xui: PanelWorld) -> None:
    csrf = (await xui.http.get("/csrf-token")).json()["obj"]

    async def log_in_with(password: str) -> bool:
        form = {"username": "admin", "password": password}
        answer = await xui.http.post("/login", json=form, headers={"X-CSRF-Token": csrf})
        return bool(answer.json()["success"])

    for _ in range(5):
        assert not await log_in_with("wrong")
    xui.world.clock.advance(890)
    blocked = not await log_in_with("admin")
    xui.world.clock.advance(15)

    assert blocked
    assert await log_in_with("admin")


async def test_another_host_is_refused_when_the_panel_has_a_domain(xui: PanelWorld) -> None:
    await xui.control("settings", {"web_domain": "panel.example"})

    answer = await xui.http.get("/panel/api/inbounds/list", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (answer.status_code, answer.text) == (403, "")


async def test_a_moved_base_path_is_an_empty_404(xui: PanelWorld) -> None:
    await xui.control("settings", {"base_path": "/secret/"})

    old = await xui.http.get("/panel/api/inbounds/list", headers={"Authorization": f"Bearer {TOKEN}"})
    new = await xui.http.get("/secret/panel/api/inbounds/list", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (old.status_code, old.text, new.status_code) == (404, "", 200)


async def test_a_cookie_that_was_not_signed_here_is_no_session(xui: PanelWorld) -> None:
    for cookie in ("3x-ui=forged", "3x-ui=e30.\xe9", "3x-ui=."):
        headers = {b"Cookie": cookie.encode("latin-1"), b"X-Requested-With": b"XMLHttpRequest"}
        assert (await xui.http.get("/panel/api/inbounds/list", headers=headers)).status_code == 401


async def test_an_unknown_setting_of_the_machine_is_refused(xui: PanelWorld) -> None:
    for wrong in ({"xray": "off"}, {"xray_running": "no"}):
        assert (await xui.http.post("/_ctl/settings", json=wrong)).status_code == 400


# reading ------------------------------------------------------------------------------------------------


async def test_pages_are_filtered_sorted_and_cut(xui: PanelWorld) -> None:
    for number in range(3):
        await xui.add(f"s-{number}", tgId=700 + number, expiryTime=xui.now_ms + (3 - number) * DAY_MS)
    await xui.post("clients/bulkDisable", {"emails": ["s-1"]})

    async def emails(query: str) -> list[str]:
        page = await xui.get(f"clients/list/paged?{query}")
        return [item["email"] for item in page["items"]]

    assert await emails("page=2&pageSize=2") == ["s-2"]
    assert await emails("filter=deactive") == ["s-1"]
    assert await emails("sort=expiryTime&order=ascend") == ["s-2", "s-1", "s-0"]
    assert await emails("search=702") == ["s-2"]
    assert "strconv.ParseInt" in await xui.refused("GET", "clients/list/paged?page=two")


async def test_the_panels_subscription_shows_limits_on_the_first_link_only(xui: PanelWorld) -> None:
    second = xui.emulator.add_reality_inbound(port=8443, remark="DE-1", host="2001:db8::1")["id"]
    sent = await xui.add("s-sub", [1, second], totalGB=2 * GB, expiryTime=0)
    await xui.control("traffic", {"email": "s-sub", "up": GB // 2})

    answer = await xui.http.get(f"/sub/{sent['subId']}")
    first, other = base64.b64decode(answer.text).decode().splitlines()

    assert unquote(first).endswith("#NL-1-s-sub|📊1.50GB")
    assert other.endswith("#DE-1")
    assert f"{sent['id']}@[2001:db8::1]:8443?" in other
    assert answer.headers["subscription-userinfo"] == f"upload={GB // 2}; download=0; total={2 * GB}; expire=0"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"client":[]}',
            "cannot unmarshal array into Go struct field ClientCreatePayload.client of type model.Client",
        ),
        (
            b'{"inboundIds":["1"]}',
            "cannot unmarshal string into Go struct field ClientCreatePayload.inboundIds of type int",
        ),
        (
            b'{"client":{"totalGB":1e3}}',
            "cannot unmarshal number 1e3 into Go struct field Client.client.totalGB of type int64",
        ),
        (
            b'{"client":{"email":7}}',
            "cannot unmarshal number into Go struct field Client.client.email of type string",
        ),
        (
            b'{"client":{"tgId":9223372036854775808}}',
            "cannot unmarshal number 9223372036854775808 into Go struct field",
        ),
        (b'{"client":{"email":NaN}}', "invalid character 'N' looking for beginning of value"),
        (b'["x"]', "cannot unmarshal array into Go value of type service.ClientCreatePayload"),
    ],
)
async def test_a_wrong_type_is_refused_in_gos_words(xui: PanelWorld, body: bytes, said: str) -> None:
    answer = await xui.http.post("/panel/api/clients/add", content=body, headers={"Authorization": f"Bearer {TOKEN}"})

    assert said in answer.json()["msg"]
    assert await xui.clients() == {}
