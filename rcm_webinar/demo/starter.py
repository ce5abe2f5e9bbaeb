"""Starts the processes of the demo, and stops all of them.

Web server, worker and beat are those of an installation; only the database (SQLite), the broker (files) and the mail
(files) differ. Each process has its own process group, so that Ctrl-C in the terminal reaches this program alone, which
then stops the others in order.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from io import StringIO
from pathlib import Path
from types import FrameType

import django
from django.core.management import call_command

from rcm_webinar import env
from rcm_webinar.demo.single_instance import DemoError, bind_port, lock_data

STARTED_WITHIN_SECONDS = 60.0
STOPPED_WITHIN_SECONDS = 7.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """The user pressed Ctrl-C or sent a signal. As a BaseException, it passes every `except Exception`."""


@dataclass(frozen=True)
class DemoProcess:
    """One process of the demo, with the path of its log."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


def run(*, port: int) -> int:
    """Run the demo until it is stopped, and return the exit status.

    Raises DemoError if the port or the data directory is in use.
    """
    if not env.DEMO:
        raise DemoError("The demo runs with RCM_DEMO=1 alone, as `make demo` sets it.")
    processes: list[DemoProcess] = []
    try:
        for number in STOP_SIGNALS:
            signal.signal(number, _request_stop)
        with lock_data(port) as lock, bind_port(port) as listener:
            environment = _environment(port, listener)
            os.environ.clear()
            os.environ.update(environment)
            instructions = _prepare_database()
            with _signals_deferred():
                processes += _start_processes(environment, inherited=(lock, listener))
            _wait_until_one_ends(processes, port, instructions)
            return 1
    except StopRequested:
        print("\nStopping ...", flush=True)
        return 0
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _stop(processes)


def reset() -> None:
    """Delete the demo's data. Raises DemoError while a demo uses them."""
    if env.DEMO_DIR.exists():
        with lock_data(None):
            shutil.rmtree(env.DEMO_DIR)
    print(f"Nothing is left in {env.DEMO_DIR}.")


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopRequested


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Handle signals only at the end of the block, so that every process that is started is also stopped."""
    received: list[int] = []
    for number in STOP_SIGNALS:
        signal.signal(number, lambda arrived, _frame: received.append(arrived))
    yield
    for number in STOP_SIGNALS:
        signal.signal(number, _request_stop)
    if received:
        _request_stop(received[0], None)


def _environment(port: int, listener: int) -> dict[str, str]:
    """Return the environment of the processes: the demo's own settings, without those of an installation."""
    kept = {name: value for name, value in os.environ.items() if name not in env.DEMO_DEFAULTS}
    return kept | {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "rcm_webinar.settings",
        "GUNICORN_BIND": f"fd://{listener}",
        "WEB_CONCURRENCY": "1",
    }


def _prepare_database() -> str:
    """Migrate the database and fill it once; return the instructions for signing in."""
    if not (env.DEMO_DIR / "db.sqlite3").exists():
        print("Filling the demo for the first time ...", flush=True)
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    output = StringIO()
    call_command("seed_demo", stdout=output)
    return output.getvalue()


def _start_processes(environment: Mapping[str, str], *, inherited: tuple[int, ...]) -> list[DemoProcess]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "rcm_webinar"]
    commands = {
        "web": [*python, "gunicorn", "--config", "python:rcm_webinar.gunicorn", "rcm_webinar.wsgi"],
        "worker": [*celery, "worker", "--pool=solo", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat"],
    }
    logs = env.DEMO_DIR / "logs"
    logs.mkdir(exist_ok=True)
    processes = []
    for name, command in commands.items():
        log = logs / f"{name}.log"
        with log.open("ab") as log_file:
            process = subprocess.Popen(
                command,
                cwd=env.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=inherited,
            )
        processes.append(DemoProcess(name, process, log))
    return processes


def _wait_until_one_ends(processes: list[DemoProcess], port: int, instructions: str) -> None:
    """Print how to sign in once the pages answer, then wait until a process ends by itself, which is a failure."""
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while not _is_answering(port) and time.monotonic() < deadline and not _ended_processes(processes):
        _pause(processes[0])
    if not _ended_processes(processes):
        print(instructions)
        address = f"http://127.0.0.1:{port}/demo/"
        print(f"The demo runs at {address} and its mail arrives at {address}mail/")
        print("Ctrl-C stops it.", flush=True)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    for each in _ended_processes(processes):
        last_lines = each.log.read_text(errors="replace").splitlines()[-15:]
        print(f"The {each.name} process ended by itself. The end of {each.log}:", *last_lines, sep="\n  ", flush=True)


def _is_answering(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _ended_processes(processes: list[DemoProcess]) -> list[DemoProcess]:
    return [each for each in processes if each.process.poll() is not None]


def _pause(demo_process: DemoProcess) -> None:
    try:
        demo_process.process.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        return


def _stop(processes: list[DemoProcess]) -> None:
    """Send SIGTERM to every process, and after 7 seconds SIGKILL to the groups of those that still run."""
    for each in processes:
        each.process.terminate()
    deadline = time.monotonic() + STOPPED_WITHIN_SECONDS
    for each in processes:
        try:
            each.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()
