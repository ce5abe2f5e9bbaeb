import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rcm_webinar import env
from rcm_webinar.demo.single_instance import DemoError, bind_port, lock_data
from tests.servers import free_port


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(env, "DEMO_DIR", tmp_path / "demo")
    return tmp_path / "demo"


def test_a_second_start_on_the_same_data_is_refused_with_the_address_of_the_first() -> None:
    with lock_data(8123), pytest.raises(DemoError) as refusal, lock_data(8124):
        pass

    assert f"process {os.getpid()}, http://127.0.0.1:8123/" in str(refusal.value)


def test_processes_that_a_killed_starter_left_behind_are_noticed(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    with lock_data(8123):
        (folder / "running").write_text(f"{ended.pid} http://127.0.0.1:8123/")
        with pytest.raises(DemoError, match="Processes of an earlier demo still run"), lock_data(8124):
            pass


def test_the_lock_on_the_data_is_released_afterwards() -> None:
    with lock_data(8123):
        pass
    with lock_data(8124) as claim:
        assert os.fstat(claim)


def test_a_busy_port_is_refused_with_the_command_for_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(DemoError) as refusal, bind_port(port):
            pass

    assert str(refusal.value) == f"Port {port} is in use. Take another one: make demo PORT={port + 1}"


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DemoError, match="There is no port 70000"), bind_port(70000):
        pass


def test_a_bound_port_does_not_accept_connections_yet() -> None:
    port = free_port()

    with bind_port(port), socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
