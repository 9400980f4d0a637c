"""What the emulated 3X-UI panel remembers, ends and gets wrong, beyond the recorded exchanges."""

import asyncio
import base64
import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sandbox.clock import Clock
from sandbox.world import World
from sandbox.xui import XuiEmulator
from tests.contract.xui_world import DAY_MS, GB, TOKEN, PanelWorld, new_client, panel_world, serving

pytest_plugins = ["tests.contract.xui_fixture"]


# time and quota -----------------------------------------------------------------------------------------


async def test_a_moved_clock_ends_a_client_by_itself(xui: PanelWorld) -> None:
    await xui.add("s-month")

    xui.world.clock.advance(31 * 86_400)
    for _ in range(50):
        if not (await xui.clients())["s-month"]["enable"]:
            break
        await asyncio.sleep(0.1)

    assert (await xui.get("clients/traffic/s-month"))["enable"] is False
    assert (await xui.get("inbounds/get/1"))["settings"]["clients"][0]["enable"] is False


async def test_a_used_up_quota_ends_a_client_at_the_next_tick_only(xui: PanelWorld) -> None:
    await xui.add("s-quota", totalGB=GB)

    await xui.control("traffic", {"email": "s-quota", "up": GB, "down": 1})
    before = (await xui.clients())["s-quota"]
    await xui.control("tick")

    assert (before["enable"], before["online"]) == (True, True)
    assert (await xui.clients())["s-quota"]["enable"] is False
    assert (await xui.get("clients/get/s-quota"))["usedTraffic"] == GB + 1


async def test_nothing_ends_while_xray_is_stopped_by_hand(xui: PanelWorld) -> None:
    await xui.add("s-old", expiryTime=xui.now_ms - 1000)
    await xui.post("server/stopXrayService")

    await xui.control("tick")
    stopped = (await xui.clients())["s-old"]["enable"]
    await xui.post("server/restartXrayService")

    assert stopped is True
    assert (await xui.clients())["s-old"]["enable"] is False


async def test_a_negative_expiry_starts_with_the_first_byte(xui: PanelWorld) -> None:
    await xui.add("s-later", expiryTime=-DAY_MS)

    await xui.control("traffic", {"email": "s-later", "down": 1})

    found = (await xui.clients())["s-later"]
    assert found["expiryTime"] == found["traffic"]["expiryTime"] == pytest.approx(xui.now_ms + DAY_MS, abs=5000)


async def test_a_client_with_reset_renews_itself_for_free(xui: PanelWorld) -> None:
    await xui.add("s-ever", reset=30, expiryTime=xui.now_ms - 31 * DAY_MS)

    await xui.control("tick")

    found = (await xui.clients())["s-ever"]
    assert found["enable"] is True
    assert found["expiryTime"] == pytest.approx(xui.now_ms + 29 * DAY_MS, abs=5000)


async def test_deleting_the_depleted_takes_expired_clients_away(xui: PanelWorld) -> None:
    await xui.add("s-old", expiryTime=xui.now_ms - 1000)
    await xui.add("s-new")

    assert await xui.post("clients/delDepleted") == {"deleted": 1}

    assert list(await xui.clients()) == ["s-new"]
    assert await xui.get("clients/traffic/s-old") is None


# concurrency and lost answers ---------------------------------------------------------------------------


async def test_two_adds_at_once_are_both_stored(xui: PanelWorld) -> None:
    await asyncio.gather(*(xui.add(f"s-{number}") for number in range(10)))

    assert len((await xui.get("inbounds/get/1"))["settings"]["clients"]) == 10


async def test_two_adds_at_once_of_one_email_leave_one_client(xui: PanelWorld) -> None:
    bodies = [{"client": new_client("s-one"), "inboundIds": [1]} for _ in range(2)]

    answers = await asyncio.gather(*(xui.call("POST", "clients/add", body) for body in bodies))

    assert sorted(answer["success"] for answer in answers) == [False, True]
    assert len((await xui.get("inbounds/get/1"))["settings"]["clients"]) == 1


async def test_an_add_whose_answer_was_lost_is_stored_once_when_repeated(xui: PanelWorld) -> None:
    xui.world.faults.arm("xui", "lost_after", path="*/clients/add")
    body: dict[str, Any] = {"client": new_client("s-lost"), "inboundIds": [1]}

    with pytest.raises(httpx2.TransportError):
        await xui.call("POST", "clients/add", body)
    await xui.post("clients/add", body)

    assert (await xui.clients())["s-lost"]["uuid"] == body["client"]["id"]
    assert len((await xui.get("inbounds/get/1"))["settings"]["clients"]) == 1


async def test_a_locked_database_refuses_once_and_stores_nothing(xui: PanelWorld) -> None:
    body = {"client": new_client("s-busy"), "inboundIds": [1]}
    await xui.control("next", {"path": "clients/add"})

    assert await xui.refused("POST", "clients/add", body) == "Something went wrong (database is locked)"
    assert await xui.clients() == {}
    await xui.post("clients/add", body)


async def test_an_offline_node_is_told_in_the_answer(xui: PanelWorld) -> None:
    await xui.control("next", {"path": "clients/add", "kind": "node_pending"})

    answer = await xui.post("clients/add", {"client": new_client("s-node"), "inboundIds": [1]})

    assert answer == {"nodePending": True}
    assert "s-node" in await xui.clients()


# memory -------------------------------------------------------------------------------------------------


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async with panel_world(tmp_path) as xui:
        sent = await xui.add("s-kept")
        inbound = await xui.get("inbounds/get/1")

    async with panel_world(tmp_path) as xui:
        assert (await xui.clients())["s-kept"]["uuid"] == sent["id"]
        assert await xui.get("inbounds/get/1") == inbound


async def test_several_panels_share_nothing() -> None:
    world = World(clock=Clock(), public_url="")
    panels = [XuiEmulator(world, name=name, token=TOKEN) for name in ("xui", "xui2")]
    for emulator in panels:
        emulator.seed_reality_inbound()
    async with serving(world, panels) as url, httpx2.AsyncClient() as http:
        first, second = (
            PanelWorld(world, emulator, httpx2.AsyncClient(base_url=f"{url}/{emulator.name}")) for emulator in panels
        )
        await first.add("s-first")
        known = await http.get(f"{url}/xui2/_ctl/clients")
        keys = [(await each.get("inbounds/list"))[0]["streamSettings"]["realitySettings"] for each in (first, second)]
        await first.http.aclose()
        await second.http.aclose()

    assert known.json() == []
    assert keys[0]["privateKey"] != keys[1]["privateKey"]


async def test_a_restored_backup_lacks_what_came_after_it(xui: PanelWorld) -> None:
    await xui.add("s-before")
    backup = (await xui.http.get("/_ctl/snapshot")).json()
    await xui.add("s-after")

    await xui.control("restore", backup)

    assert list(await xui.clients()) == ["s-before"]
    assert [entry["email"] for entry in (await xui.get("inbounds/get/1"))["settings"]["clients"]] == ["s-before"]


async def test_the_seeded_inbound_is_made_once_and_its_keys_match(xui: PanelWorld) -> None:
    again = xui.emulator.add_reality_inbound()
    inbounds = await xui.get("inbounds/list")

    reality = inbounds[0]["streamSettings"]["realitySettings"]
    private = X25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(reality["privateKey"] + "="))
    public = base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).decode().rstrip("=")

    assert [inbound["id"] for inbound in inbounds] == [again["id"]] == [1]
    assert reality["settings"]["publicKey"] == public
    assert reality["minClientVer"] == "1.8.0"
    assert (await xui.get("inbounds/options"))[0]["tlsFlowCapable"] is True


async def test_a_reset_panel_has_its_token_and_its_inbound_again(xui: PanelWorld) -> None:
    await xui.add("s-gone")

    xui.emulator.reset()

    assert await xui.clients() == {}
    assert [inbound["port"] for inbound in await xui.get("inbounds/list")] == [443]


async def test_the_database_file_is_sqlite_and_holds_the_clients(xui: PanelWorld, tmp_path: Path) -> None:
    await xui.add("s-backup")

    answer = await xui.http.get("/panel/api/server/getDb", headers={"Authorization": f"Bearer {TOKEN}"})
    file = tmp_path / "x-ui.db"
    file.write_bytes(answer.content)
    db = sqlite3.connect(file)
    rows = db.execute("select body from documents where collection = 'records'").fetchall()
    db.close()

    assert len(rows) == 1
    assert "s-backup" in rows[0][0]


# inbounds -----------------------------------------------------------------------------------------------


async def test_an_admin_who_saves_an_old_form_wipes_newer_clients(xui: PanelWorld) -> None:
    await xui.add("s-early")
    form = await xui.get("inbounds/get/1")
    await xui.add("s-late")

    await xui.post("inbounds/update/1", form)

    assert list(await xui.clients()) == ["s-early"]
    assert await xui.get("clients/traffic/s-late") is None


async def test_a_deleted_inbound_leaves_detached_clients_and_its_number_comes_back(xui: PanelWorld) -> None:
    await xui.add("s-orphan")

    await xui.post("inbounds/del/1")
    xui.emulator.add_reality_inbound(port=8443)

    assert (await xui.clients())["s-orphan"]["inboundIds"] == []
    assert [(inbound["id"], inbound["port"]) for inbound in await xui.get("inbounds/list")] == [(1, 8443)]


async def test_one_id_that_is_no_uuid_stops_xray_for_everybody(xui: PanelWorld) -> None:
    await xui.add("s-broken", id="longer-than-thirty-characters-and-no-uuid")
    broken = (await xui.get("server/status"))["xray"]["state"]
    await xui.post("clients/del/s-broken")

    assert broken == "error"
    assert (await xui.get("server/status"))["xray"]["state"] == "running"


async def test_a_client_of_two_inbounds_is_moved_by_attach_and_stays_by_detach(xui: PanelWorld) -> None:
    second = xui.emulator.add_reality_inbound(port=8443)["id"]
    await xui.add("s-two", [1, second])

    await xui.post("clients/s-two/detach", {"inboundIds": [second]})
    await xui.post("clients/s-two/attach", {"inboundIds": [second]})

    found = (await xui.clients())["s-two"]
    assert found["inboundIds"] == [1, second]
    assert found["traffic"]["inboundId"] == second
    assert (await xui.get(f"inbounds/get/{second}"))["settings"]["clients"][0]["flow"] == "xtls-rprx-vision"
