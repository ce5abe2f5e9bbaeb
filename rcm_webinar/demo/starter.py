"""Starts the demo's processes on one directory of data, and stops every one of them.

Web server, worker and beat are those of an installation; only the database (SQLite), the broker (files) and the
mail (files) differ. Each process leads a group of its own, so that Ctrl-C in the terminal reaches this program
alone, and it stops them in order.
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
from rcm_webinar.demo.single_instance import DemoRefused, data_claimed, port_claimed

STARTED_WITHIN_SECONDS = 60.0
STOPPED_WITHIN_SECONDS = 7.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Ctrl-C, or a polite signal from outside. No library's `except Exception` may swallow it."""


@dataclass(frozen=True)
class Part:
    """One process of the demo, and where it writes what happens."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


def run(*, port: int) -> int:
    """Run the demo until it is stopped; the exit status.

    Raises DemoRefused where the port or the data are in use.
    """
    if not env.DEMO:
        raise DemoRefused("The demo runs with RCM_DEMO=1 alone, as `make demo` sets it.")
    parts: list[Part] = []
    try:
        for number in STOP_SIGNALS:
            signal.signal(number, _ask_to_stop)
        with data_claimed(port) as claim, port_claimed(port) as listener:
            environment = _environment(port, listener)
            os.environ.clear()
            os.environ.update(environment)
            people = _prepare()
            with _signals_deferred():
                parts += _started(environment, inherited=(claim, listener))
            return _serve(parts, port, people)
    except StopAsked:
        print("\nStopping ...", flush=True)
        return 0
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _stop(parts)


def reset() -> None:
    """Remove the demo's data. Raises DemoRefused while a demo runs on them."""
    if env.DEMO_DIR.exists():
        with data_claimed(None):
            shutil.rmtree(env.DEMO_DIR)
    print(f"Nothing is left in {env.DEMO_DIR}.")


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopAsked


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Keep a signal until the end of the block, so that no process is started without being noted."""
    asked: list[int] = []
    for number in STOP_SIGNALS:
        signal.signal(number, lambda arrived, _frame: asked.append(arrived))
    yield
    for number in STOP_SIGNALS:
        signal.signal(number, _ask_to_stop)
    if asked:
        _ask_to_stop(asked[0], None)


def _environment(port: int, listener: int) -> dict[str, str]:
    """What the processes see: the demo's own settings, whatever this shell has set for an installation."""
    kept = {name: value for name, value in os.environ.items() if name not in env.DEMO_DEFAULTS}
    return kept | {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "rcm_webinar.settings",
        "GUNICORN_BIND": f"fd://{listener}",
        "WEB_CONCURRENCY": "1",
    }


def _prepare() -> str:
    """Bring the database up to date and fill it once; what to tell about signing in."""
    if not (env.DEMO_DIR / "db.sqlite3").exists():
        print("Filling the demo for the first time ...", flush=True)
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    told = StringIO()
    call_command("seed_demo", stdout=told)
    return told.getvalue()


def _started(environment: Mapping[str, str], *, inherited: tuple[int, ...]) -> list[Part]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "rcm_webinar"]
    commands = {
        "web": [*python, "gunicorn", "--config", "python:rcm_webinar.gunicorn", "rcm_webinar.wsgi"],
        "worker": [*celery, "worker", "--pool=solo", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat"],
    }
    logs = env.DEMO_DIR / "logs"
    logs.mkdir(exist_ok=True)
    parts = []
    for name, command in commands.items():
        log = logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=env.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=inherited,
            )
        parts.append(Part(name, process, log))
    return parts


def _serve(parts: list[Part], port: int, people: str) -> int:
    """Greet once the pages answer, then wait until a process ends by itself, which is a failure."""
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while not _answers(port) and time.monotonic() < deadline and not _ended(parts):
        _pause(parts[0])
    if not _ended(parts):
        print(people)
        address = f"http://127.0.0.1:{port}/demo/"
        print(f"The demo runs at {address} and its mail arrives at {address}mail/")
        print("Ctrl-C stops it.", flush=True)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    for part in _ended(parts):
        last_lines = part.log.read_text(errors="replace").splitlines()[-15:]
        print(f"The {part.name} process ended by itself. The end of {part.log}:", *last_lines, sep="\n  ", flush=True)
    return 1


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _ended(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.process.poll() is not None]


def _pause(part: Part) -> None:
    try:
        part.process.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        return


def _stop(parts: list[Part]) -> None:
    """End every process politely, and those that stay, with their groups, for certain."""
    for part in parts:
        part.process.terminate()
    deadline = time.monotonic() + STOPPED_WITHIN_SECONDS
    for part in parts:
        try:
            part.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(part.process.pid, signal.SIGKILL)
            part.process.wait()
