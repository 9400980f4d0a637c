"""3X-UI alone: older panels, panels that move, and what an operator did to one."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.kit.errors import Unavailable
from backend.vpn.panels.base import PanelAccess, PanelAuthFailed, PanelNotRecognized, PanelRefused
from backend.vpn.panels.xui import Xui, wire
from backend.vpn.panels.xui.notes import Note
from tests.contract.panels.harness import PanelHarness, free_port, serving, xui
from tests.contract.panels.keys import SPEC
from tests.unit.vpn.recorded import obj

YES = {"success": True, "msg": ""}
CSRF = {"/csrf-token": {"success": True, "obj": "c" * 43}}
BEFORE_31 = {**CSRF, "/panel/api/inbounds/list": {**YES, "obj": obj("inbounds as strings")}}


def panel_of(routes: Mapping[str, Any]) -> Starlette:
    """A panel that answers these requests, always the same, and nothing else."""

    async def answer(request: Request) -> Response:
        return JSONResponse(routes[request.url.path])

    return Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path in routes])


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[PanelHarness]:
    async with xui() as harness:
        yield harness


@pytest.fixture
async def harness(running: PanelHarness) -> PanelHarness:
    await running.reset()
    return running


@pytest.fixture
async def panel(harness: PanelHarness) -> AsyncIterator[Xui]:
    driver = Xui(harness.access)
    yield driver
    await driver.aclose()


async def tell(harness: PanelHarness, what: str, **fields: Any) -> None:
    """Change the emulator's state by its control API."""
    async with httpx2.AsyncClient() as http:
        answer = await http.post(harness.access.url.replace("/abc/", "/_ctl/") + what, json=fields)
        assert answer.is_success, answer.text


async def add_inbound(
    harness: PanelHarness, *, network: str = "tcp", reality: Mapping[str, Any] | None = None, **changes: Any
) -> int:
    """A copy of the first inbound that says nothing of an address; `reality` is laid over its realitySettings."""
    headers = {"Authorization": f"Bearer {harness.access.token}"}
    async with httpx2.AsyncClient(base_url=harness.access.url + "panel/api/inbounds/", headers=headers) as http:
        inbound = (await http.get("list")).json()["obj"][0]
        stream = inbound["streamSettings"]
        stream |= {"network": network, "realitySettings": stream["realitySettings"] | (reality or {})}
        body = {**inbound, "port": 9443, "tag": "", "remark": "X", "shareAddrStrategy": "node"}
        body |= {"streamSettings": stream, **changes}
        return int((await http.post("add", json=body)).json()["obj"]["id"])


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        (BEFORE_31, "before 3.1 cannot be used yet"),
        (CSRF, "without the routes of a known version"),
        ({}, "check host, port and base path"),
    ],
    ids=["3.0", "unknown 3.x", "2.x or a wrong address"],
)
async def test_a_panel_that_cannot_be_used_says_why(routes: Mapping[str, Any], words: str) -> None:
    with free_port() as listener:
        async with serving(panel_of(routes), listener):
            driver = Xui(PanelAccess(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token="t0ken"))
            for call in (lambda: driver.put(SPEC, [1]), lambda: driver.drop(SPEC.email, [1]), driver.probe):
                with pytest.raises(PanelNotRecognized, match=words):
                    await call()
            await driver.aclose()


async def test_a_panel_that_says_yes_and_changes_nothing_is_not_believed() -> None:
    stubborn = {
        f"/panel/api/clients/get/{SPEC.email}": {**YES, "obj": obj("client")},
        f"/panel/api/clients/update/{SPEC.email}": {**YES, "obj": None},
    }
    with free_port() as listener:
        async with serving(panel_of(stubborn), listener):
            driver = Xui(PanelAccess(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token="t0ken"))
            with pytest.raises(PanelRefused, match="the panel keeps other values") as caught:
                await driver.put(SPEC, [1])
            await driver.aclose()

    assert caught.value.details["fields"] == ["expiryTime"]


async def test_a_panel_that_counts_devices_otherwise_holds_the_key_all_the_same() -> None:
    other = obj("client")
    wanted = replace(SPEC, expires_at=wire.from_ms(other["client"]["expiryTime"]), device_limit=99)
    routes = {
        f"/panel/api/clients/get/{SPEC.email}": {**YES, "obj": other},
        f"/panel/api/clients/update/{SPEC.email}": {**YES, "obj": None},
    }
    with free_port() as listener:
        async with serving(panel_of(routes), listener):
            driver = Xui(PanelAccess(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token="t0ken"))
            await driver.put(wanted, [1])
            await driver.aclose()


async def test_a_list_that_does_not_say_how_long_it_is_ends_with_a_page_that_is_not_full() -> None:
    item = {"email": SPEC.email, "subId": "s", "enable": True, "inboundIds": [1]}
    with free_port() as listener:
        routes = {"/panel/api/clients/list/paged": {**YES, "obj": {"items": [item]}}}
        async with serving(panel_of(routes), listener):
            driver = Xui(PanelAccess(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token="t0ken"))
            assert [key.email for key in await driver.list()] == [SPEC.email]
            await driver.aclose()


@pytest.mark.parametrize("odd", [{"settings": "not JSON"}, {"settings": [1]}, {"port": "443-500"}, {"nodeId": ""}])
async def test_an_odd_inbound_is_noted_and_hides_no_other(odd: dict[str, Any]) -> None:
    inbounds = [{**obj("inbounds")[0], "id": 7, **odd}, obj("inbounds")[0]]
    routes = CSRF | {
        "/panel/api/server/status": {**YES, "obj": {"panelVersion": "3.6.0", "xray": {"state": "running"}}},
        "/panel/api/inbounds/options": {**YES, "obj": []},
        "/panel/api/inbounds/list": {**YES, "obj": inbounds},
        "/panel/api/clients/list/paged": {**YES, "obj": {"items": []}},
    }
    with free_port() as listener:
        async with serving(panel_of(routes), listener):
            driver = Xui(PanelAccess(url=f"http://127.0.0.1:{listener.getsockname()[1]}", token="t0ken"))
            facts = await driver.probe()
            await driver.aclose()

    assert [inbound.id for inbound in facts.inbounds] == [1]
    assert Note.INBOUND_UNREADABLE in facts.notes


class Hasty(Xui):
    change_seconds = 0.2


async def test_a_change_ends_in_time_also_on_a_panel_that_drags_on(harness: PanelHarness) -> None:
    driver = Hasty(harness.access)
    harness.arm("latency", ms=150, times=None)

    with pytest.raises(Unavailable, match="took more than"):
        await driver.put(SPEC, harness.inbound_ids)

    await driver.aclose()


async def test_a_panel_that_moved_away_and_came_back_needs_no_restart(panel: Xui, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)

    await tell(harness, "settings", base_path="/elsewhere/")
    with pytest.raises(PanelNotRecognized):
        await panel.put(replace(SPEC, enabled=False), harness.inbound_ids)
    await tell(harness, "settings", base_path="/abc/")
    await panel.put(replace(SPEC, enabled=False), harness.inbound_ids)

    seen = await harness.seen(SPEC.email)
    assert seen is not None
    assert not seen.enabled


async def test_a_panel_that_wants_its_own_domain_is_a_matter_of_access(panel: Xui, harness: PanelHarness) -> None:
    await tell(harness, "settings", web_domain="panel.example.com")

    with pytest.raises(PanelAuthFailed):
        await panel.put(SPEC, harness.inbound_ids)


async def test_a_key_that_a_node_gets_later_is_put(panel: Xui, harness: PanelHarness) -> None:
    await tell(harness, "next", path="clients/add", kind="node_pending")

    await panel.put(SPEC, harness.inbound_ids)

    assert await harness.count() == 1


async def test_an_inbound_without_vision_takes_a_key_all_the_same(panel: Xui, harness: PanelHarness) -> None:
    inbound_id = await add_inbound(harness, network="raw")

    await panel.put(SPEC, [inbound_id])
    await panel.put(SPEC, [inbound_id])

    seen = await harness.seen(SPEC.email)
    assert seen is not None
    assert (seen.vision, seen.inbound_ids) == (False, (inbound_id,))


async def test_every_request_says_who_we_are_and_asks_for_an_honest_answer(panel: Xui, harness: PanelHarness) -> None:
    async with httpx2.AsyncClient() as http:
        await panel.put(SPEC, harness.inbound_ids)
        log = (await http.get(harness.access.url.replace("/xui/abc/", "/_ctl/log"))).json()

    (add,) = [entry for entry in log if entry["path"].endswith("clients/add") and SPEC.email in entry["request"]][-1:]
    assert add["headers"]["x-requested-with"] == "XMLHttpRequest"
    assert add["headers"]["accept"] == "application/json"
    assert "accept-language" not in add["headers"]


async def test_a_probe_says_what_to_change_in_an_inbound(panel: Xui, harness: PanelHarness) -> None:
    inbound_id = await add_inbound(harness, reality={"minClientVer": ""})

    with structlog.testing.capture_logs() as logs:
        notes = (await panel.probe()).notes

    assert notes == ("min-client-version-missing", "inbound-address-missing")
    assert {entry["note"]: entry["inbound"] for entry in logs if entry["event"] == "panel.note"} == {
        "min-client-version-missing": inbound_id,
        "inbound-address-missing": inbound_id,
    }


async def test_a_fault_of_many_inbounds_is_one_note(panel: Xui, harness: PanelHarness) -> None:
    await add_inbound(harness, port=9443, reality={"minClientVer": ""}, shareAddrStrategy="custom")
    await add_inbound(harness, port=9444, reality={"minClientVer": ""}, shareAddrStrategy="custom")

    assert (await panel.probe()).notes == ("min-client-version-missing",)


async def test_a_probe_names_an_inbound_that_loses_vision(panel: Xui, harness: PanelHarness) -> None:
    await add_inbound(harness, network="raw")

    assert (await panel.probe()).notes == ("inbound-network-raw",)


async def test_a_probe_of_a_panel_that_has_just_started_waits_for_nothing(panel: Xui, harness: PanelHarness) -> None:
    await tell(harness, "settings", status_ready=False)

    facts = await panel.probe()

    assert facts.version is None
    assert facts.notes == ("panel-just-started",)


async def test_a_probe_tells_that_xray_stands_still(panel: Xui, harness: PanelHarness) -> None:
    await tell(harness, "settings", xray_running=False)

    assert (await panel.probe()).notes == ("core-not-running",)
