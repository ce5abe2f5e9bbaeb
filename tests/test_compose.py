"""Checks compose.yaml without starting a container: its commands are run here as they are written there."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests import servers
from tests.environment import ROOT
from tests.installation import Installation, documented_worker
from tests.running_demo import environment, shell

COMPOSE = (ROOT / "compose.yaml").read_text()
OURS = ("prepare", "web", "worker", "beat")
STARTED_WITHIN_SECONDS = 60


def block(name: str, text: str = COMPOSE) -> str:
    """Return the lines that are indented below the line with the key `name` alone."""
    found = re.search(rf"^( *){re.escape(name)}:(?: &\w+)?\n((?:(?:\1 +[^\n]*|)\n)*)", text, re.MULTILINE)
    assert found, name
    return found[2]


def value(name: str, text: str) -> list[str]:
    """Return the items of a list that is written in one line."""
    found = re.search(rf"^ +{name}: (\[.*\])$", text, re.MULTILINE)
    assert found, name
    return [str(part) for part in json.loads(re.sub(r"'(.*)'", lambda quoted: json.dumps(quoted[1]), found[1]))]


def health_check(service: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[bytes]":
    """Run the health check of a service as Docker does."""
    kind, *command = value("test", block(service))
    command = [part.replace("$$", "$") for part in command]
    return subprocess.run(
        ["/bin/sh", "-c", *command] if kind == "CMD-SHELL" else command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )


def test_every_documented_setting_has_an_effect() -> None:
    product = block("x-product")
    given = dict(re.findall(r"^    ([A-Z_]+): (.+)$", block("environment", product), re.MULTILINE))

    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert re.search(r"^  env_file: \.env$", product, re.MULTILINE)
    # A value under `environment` overrides the file, unless it refers to the variable of the file.
    assert [name for name, text in given.items() if not text.startswith(f"${{{name}:-")] == []
    assert set(given) <= documented
    for service in OURS:
        own = block(service, block("services"))
        assert "<<: *product\n" in own
        assert "environment:" not in own
        assert "env_file:" not in own


def test_no_process_has_more_rights_than_it_needs() -> None:
    confined = block("x-confined")

    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert f"  {line}\n" in confined
    assert "<<: *confined\n" in block("x-product")
    for service in ("postgres", "redis"):
        assert "<<: *confined\n" in block(service, block("services"))


def test_the_worker_is_that_of_make_serve() -> None:
    assert value("command", block("worker")) == documented_worker()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Installation]:
    if not os.environ.get("RCM_TEST_REDIS_URL"):
        pytest.skip("needs Redis, as in the part on PostgreSQL")
    settings = environment(tmp_path, servers.free_port())
    settings |= {"CELERY_BROKER_URL": f"{os.environ['RCM_TEST_REDIS_URL']}/14", "CACHE_URL": "database"}
    with Installation(tmp_path, settings) as installation:
        yield installation


def test_the_worker_is_healthy_while_it_answers(running: Installation) -> None:
    worker = running.start_worker(name="celery@%h")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    place = running.settings | {"HOSTNAME": socket.gethostname(), "PATH": path}
    running.wait_until(lambda: health_check("worker", place).returncode == 0, seconds=STARTED_WITHIN_SECONDS)

    running.kill(worker)

    assert health_check("worker", place).returncode != 0


def test_beat_is_healthy_while_it_writes_its_schedule(running: Installation, tmp_path: Path) -> None:
    beat = running.start_beat()
    place = shell() | {"BEAT_SCHEDULE_FILE": str(tmp_path / "schedule0")}
    running.wait_until(lambda: health_check("beat", place).returncode == 0, seconds=STARTED_WITHIN_SECONDS)

    running.kill(beat)
    for path in tmp_path.glob("schedule0*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 660))

    assert health_check("beat", place).returncode == 1


@pytest.mark.postgresql
def test_the_database_role_of_the_product_is_no_superuser_and_suffices(tmp_path: Path) -> None:
    with servers.postgresql(superuser="postgres") as server:
        there = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port)}
        base = server.url.rpartition("/")[0].replace("postgres://", "postgresql://")
        as_superuser = psycopg2.connect(f"{base}/postgres")
        as_superuser.autocommit = True
        with as_superuser.cursor() as cursor:
            # The image starts without the database `rcm`, which `servers.postgresql` creates.
            cursor.execute("DROP DATABASE rcm")
            cursor.execute("ALTER ROLE postgres PASSWORD 'sample'")

        subprocess.run(
            [ROOT / "deploy" / "database-role.sh"],
            env=shell() | there | {"POSTGRES_PASSWORD": "it's-a-$ample"},
            check=True,
        )

        with as_superuser.cursor() as cursor:
            cursor.execute(
                "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,"
                " rolpassword IS NULL FROM pg_authid WHERE rolcanlogin"
            )
            roles = {name: may for name, *may in cursor.fetchall()}
        as_superuser.close()
        assert roles == {"postgres": [True, True, True, True, True, True], "rcm": [False] * 6}
        database = f"postgres://rcm@127.0.0.1:{server.port}/rcm"
        installation = Installation(tmp_path, environment(tmp_path, 0) | {"DATABASE_URL": database})
        installation.manage("migrate")
        installation.manage("createcachetable")
