"""Image, compose file and the ways in: what a Docker engine would find wrong, found without one."""

import ipaddress
import os
import re
import shlex
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from backend.settings import Settings
from cli.main import app
from cli.names import known_names
from scripts.dockerfile import Stage, Step, read_dockerfile
from tests.house import PRODUCT, ROOT
from tests.serving import listener

OURS = ("migrate", "api", "bot", "worker")
MEMORY_MB = 3500  # of 4 GB; the rest is the system's
OF_LIBPQ = {"PGPASSWORD"}
UNITS = {"m": 1, "g": 1024}

COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return read_dockerfile((ROOT / "deploy" / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


def copies(stage: Stage) -> list[Step]:
    return [step for step in stage.steps if step.word == "COPY"]


def kept(path: str) -> bool:
    """Whether .dockerignore lets this path through; the last rule that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{pattern}(/|$)", path):
            ignored = not line.startswith("!")
    return not ignored


# --- the image


def test_whatever_is_copied_exists_and_is_sent_to_the_builder(stages: list[Stage]) -> None:
    built = {stage.name: stage for stage in stages}
    for stage in stages:
        for step in copies(stage):
            for source in step.arguments[:-1]:
                if origin := step.options.get("from"):
                    assert made_in(built[origin], source), f"nothing makes {source} in {origin}"
                else:
                    assert (ROOT / source).exists(), source
                    assert kept(source), f".dockerignore hides {source}"


def made_in(stage: Stage, path: str) -> bool:
    return any(path in step.arguments or path in step.rest for step in stage.steps)


def test_everything_a_process_reads_is_copied(stages: list[Stage]) -> None:
    copied = {source.removeprefix("./") for step in copies(stages[0]) for source in step.arguments[:-1]}
    assert {*PRODUCT, "alembic", "alembic.ini", "requirements.txt"} <= copied


@pytest.mark.parametrize(
    "path", [".env", ".env.local", ".data/pg18", ".git/config", "out/log", "backend/__pycache__"]
)
def test_secrets_data_and_leavings_stay_outside(path: str) -> None:
    assert not kept(path)


def test_packages_are_installed_with_their_hashes_and_without_a_compiler(stages: list[Stage]) -> None:
    (installing,) = [step.rest for stage in stages for step in stage.steps if "pip install" in step.rest]
    assert "--require-hashes" in installing
    assert "--only-binary=:all:" in installing
    everything = "\n".join(step.rest for stage in stages for step in stage.steps)
    assert "apt-get" not in everything
    assert "curl" not in everything
    assert not any("pip" in step.rest for step in stages[-1].steps), "the last stage only receives what is installed"


def test_the_image_is_run_by_somebody_who_owns_nothing_but_the_data(stages: list[Stage]) -> None:
    user = stages[-1].last("USER")
    assert user
    number = user.rest.split(":")[0]
    assert int(number) >= 1000
    (creating,) = [step.rest for step in stages[-1].steps if step.word == "RUN"]
    assert f"--uid {number}" in creating
    assert stages[-1].last("VOLUME") == Step("VOLUME", "/data")
    assert "--owner=shop" in creating
    assert creating.endswith("/data")
    assert not any("chown" in step.rest for step in stages[-1].steps)


def test_what_the_image_starts_exists(stages: list[Stage]) -> None:
    entrypoint, command, health = (stages[-1].last(word) for word in ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    assert entrypoint
    assert command
    assert health
    assert entrypoint.arguments == ["vpn-service"]
    assert "/usr/local/bin/vpn-service" in [step.arguments[-1] for step in copies(stages[-1])]
    assert set(command.arguments) <= COMMANDS
    checked = Step("CMD", health.rest.partition("CMD ")[2]).arguments
    assert checked == ["python3", "deploy/health.py", *command.arguments]


def test_the_script_of_the_image_can_be_run() -> None:
    script = ROOT / "deploy" / "vpn-service"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)
    assert "python3 -m cli.main" in script.read_text()


def test_the_image_s_own_variables_are_known(stages: list[Stage]) -> None:
    named = {
        pair.partition("=")[0] for s in stages for step in s.steps if step.word == "ENV" for pair in step.arguments
    }
    assert named - {"PATH", "PYTHONDONTWRITEBYTECODE"} <= known_names()


# --- the health check


def check_health(command: str, **env: str) -> int:
    script = ROOT / "deploy" / "health.py"
    return subprocess.run([sys.executable, script, command], env=env, capture_output=True, check=False).returncode


@pytest.mark.parametrize("command", ["bot", "worker"])
def test_bot_and_worker_are_well_while_they_are_connected_to_the_database(command: str) -> None:
    with listener() as server:
        server.listen()
        host, port = server.getsockname()
        url = f"postgresql://shop@postgres:{port}/shop"
        assert check_health(command, DATABASE_URL=url) == 1
        with socket.create_connection((host, port)):
            assert check_health(command, DATABASE_URL=url) == 0


def test_nobody_is_well_where_nothing_answers() -> None:
    with listener() as free:
        assert check_health("serve", PORT=str(free.getsockname()[1])) == 1


def test_the_health_check_knows_every_process_and_no_other() -> None:
    assert check_health("migrate") == 2


# --- compose


def test_the_shop_s_services_run_commands_that_exist(services: dict[str, dict[str, Any]]) -> None:
    assert {name: services[name]["command"] for name in OURS} == {
        "migrate": ["migrate"],
        "api": ["serve"],
        "bot": ["bot"],
        "worker": ["worker"],
    }
    assert all(set(services[name]["command"]) <= COMMANDS for name in OURS)


def test_the_shop_s_services_share_one_image_that_can_be_built(services: dict[str, dict[str, Any]]) -> None:
    assert {services[name]["image"] for name in OURS} == {"vpn-service"}
    build = services["api"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_the_shop_can_change_nothing_but_its_data(
    services: dict[str, dict[str, Any]], stages: list[Stage], name: str
) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert "user" not in service, "the image names one"
    assert service["volumes"] == ["data:/data"]
    assert service["environment"]["DATA_DIR"] == "/data"
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_one_the_shop_reads(services: dict[str, dict[str, Any]], name: str) -> None:
    environment = services[name]["environment"]
    assert set(environment) <= known_names() | OF_LIBPQ
    fields = {field: environment[field.upper()] for field in ("host", "port", "data_dir", "trusted_proxies")}
    Settings.model_validate({"telegram_bot_token": "1:a", "secret_key": "x" * 32, **fields})


def test_every_secret_comes_from_the_env_file(services: dict[str, dict[str, Any]]) -> None:
    assert all(services[name]["env_file"] == ".env" for name in OURS)
    for name, service in services.items():
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {variable} is required, and from .env"
    password = services["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert {services[name]["environment"]["PGPASSWORD"] for name in OURS} == {password}
    assert urlsplit(services["api"]["environment"]["DATABASE_URL"]).password is None


def test_prometheus_reads_every_process_where_it_shows_its_metrics(services: dict[str, dict[str, Any]]) -> None:
    [job] = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())["scrape_configs"]
    [found] = job["static_configs"]

    ports = {name: services[name]["environment"]["METRICS_PORT"] for name in ("bot", "worker")}
    ports["api"] = services["api"]["environment"]["PORT"]
    assert set(found["targets"]) == {f"{name}:{port}" for name, port in ports.items()}


def test_the_proxy_s_network_is_the_one_that_is_trusted(compose: dict[str, Any]) -> None:
    (range_,) = compose["networks"]["web"]["ipam"]["config"]
    trusted = compose["services"]["api"]["environment"]["TRUSTED_PROXIES"]
    assert ipaddress.ip_network(trusted).is_private
    assert trusted == range_["subnet"]
    assert compose["services"]["caddy"]["networks"] == ["web"]


def test_the_database_is_reached_by_the_shop_alone(compose: dict[str, Any]) -> None:
    assert compose["networks"]["database"]["internal"] is True
    members = {name for name, service in compose["services"].items() if "database" in service["networks"]}
    assert members == {"postgres", *OURS}
    assert {name for name, service in compose["services"].items() if "ports" in service} == {"caddy"}


def test_services_start_in_their_order(services: dict[str, dict[str, Any]]) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "bot", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["caddy"]["depends_on"] == {"api": {"condition": "service_healthy"}}
    named = {other for service in services.values() for other in service.get("depends_on", {})}
    assert named <= set(services)


def test_services_come_back_by_themselves_and_the_migration_ends(services: dict[str, dict[str, Any]]) -> None:
    assert services["migrate"]["restart"].startswith("on-failure")
    assert {s["restart"] for name, s in services.items() if name != "migrate"} == {"unless-stopped"}


def test_every_service_that_stays_says_whether_it_is_well(services: dict[str, dict[str, Any]]) -> None:
    assert services["migrate"]["healthcheck"] == {"disable": True}
    for name in ("api", "bot", "worker"):
        assert services[name]["healthcheck"]["test"] == [
            "CMD",
            "python3",
            "deploy/health.py",
            *services[name]["command"],
        ]
    assert all(services[name]["healthcheck"]["test"][0] == "CMD" for name in services if name != "migrate")


def test_all_of_it_fits_a_server_of_two_cores_and_four_gigabytes(services: dict[str, dict[str, Any]]) -> None:
    lasting = [service for name, service in services.items() if name != "migrate"]
    assert sum(int(s["mem_limit"][:-1]) * UNITS[s["mem_limit"][-1]] for s in lasting) <= MEMORY_MB
    assert all(0 < service["cpus"] <= 2 for service in services.values())


def test_no_log_grows_for_ever(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_named_volumes_are_declared_and_files_exist(compose: dict[str, Any]) -> None:
    mounts = [volume for service in compose["services"].values() for volume in service.get("volumes", [])]
    for source in (mount.partition(":")[0] for mount in mounts):
        assert (ROOT / source).is_file() if source.startswith(".") else source in compose["volumes"]
    assert "postgres:/var/lib/postgresql" in mounts, "where images from 18 on keep their data"


def test_commands_in_the_compose_file_s_own_words_can_be_read(services: dict[str, dict[str, Any]]) -> None:
    assert shlex.split(services["postgres"]["command"])[0] == "postgres"
    script = services["caddy"]["command"][2].replace("$$", "$")
    subprocess.run(["sh", "-n", "-c", script], check=True)
    shown = subprocess.run(
        ["sh", "-c", script.replace("exec caddy run", "exec env #")],
        env={"PUBLIC_URL": "https://vpn.example.com/", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "PUBLIC_URL=https://vpn.example.com\n" in shown, "a slash at the end does no harm"
