"""The demo as a visitor starts and stops it, with real processes and a database of its own."""

import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.running_demo import DIRECTLY, STOPPED_WITHIN_SECONDS, RunningDemo, environment, running_demo
from tests.servers import free_port


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("starter") / "demo") as running:
        yield running


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())


def addresses_on(page: str) -> list[str]:
    return sorted(set(re.findall(r"[\w.]+@example\.org", page)))


def refused(folder: Path, port: int) -> str:
    finished = subprocess.run(
        DIRECTLY, cwd=ROOT, env=environment(folder, port), capture_output=True, text=True, timeout=60, check=False
    )
    assert (finished.returncode, finished.stdout) == (1, "")
    return finished.stderr


def test_the_demo_prints_its_accounts(demo: RunningDemo) -> None:
    output = demo.output.read_text()

    for part in ("demo-rcm-2020", "secretariat@example.org", "focal.hn@example.org", demo.url):
        assert part in output


def test_the_demo_listens_on_localhost_only(demo: RunningDemo) -> None:
    sockets = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = {fields[1] for line in sockets if (fields := line.split())[3] == "0A"}

    assert {address for address in listening if address.endswith(f":{demo.port:04X}")} == {f"0100007F:{demo.port:04X}"}


def test_a_second_start_on_the_same_data_is_refused(demo: RunningDemo) -> None:
    assert f"The demo already runs on {demo.folder}" in refused(demo.folder, free_port())


def test_a_busy_port_is_refused_by_its_number(demo: RunningDemo, tmp_path: Path) -> None:
    assert f"Port {demo.port} is in use" in refused(tmp_path / "demo", demo.port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_stops_all_processes_in_time_and_a_restart_keeps_the_data(
    number: signal.Signals, tmp_path: Path
) -> None:
    with running_demo(tmp_path / "demo") as first:
        people = addresses_on(fetch(f"{first.url}/demo/"))
        started = first.processes()
        status, seconds = first.stop(number)
        left = {pid for pid in started if Path(f"/proc/{pid}").exists()}

        assert {"secretariat@example.org", "focal.hn@example.org"} <= set(people)
        assert (status, left) == (0, set())
        assert len(started) >= 4
        assert seconds < STOPPED_WITHIN_SECONDS
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", first.port)) != 0

    with running_demo(tmp_path / "demo", port=first.port) as second:
        assert addresses_on(fetch(f"{second.url}/demo/")) == people
