"""Starts and stops the processes of an installation one by one."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from tests.environment import ROOT

TOLD_OF_A_LOG = 4_000
Process = subprocess.Popen[bytes]


def documented_worker() -> list[str]:
    """Return the command of a worker that `make serve` prints."""
    printed = subprocess.run(
        ["make", "--no-print-directory", "serve"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    (command,) = re.findall(r"^ +(celery .*worker.*)$", printed, re.MULTILINE)
    return command.split()


class Installation(AbstractContextManager["Installation"]):
    """Runs the product's programs with `settings` as their environment; processes that still run at the end are killed.

    Each process has its own process group, and its own log in `folder`.
    """

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self.processes: dict[Process, Path] = {}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.processes:
            self.kill(process)

    def manage(self, *command: str) -> None:
        """Run a management command to its end."""
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.settings,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start_web(self) -> Process:
        return self._start("web", "gunicorn", "--config", "python:rcm_webinar.gunicorn", "rcm_webinar.wsgi")

    def start_worker(self, *, concurrency: int = 1, name: str = "") -> Process:
        """Start a worker with the command of `make serve`; it sends `concurrency` messages at a time."""
        hostname = f"--hostname={name or f'worker{len(self.processes)}@%h'}"
        return self._start("worker", *documented_worker(), f"--concurrency={concurrency}", hostname)

    def start_beat(self) -> Process:
        # Each beat has its own schedule file, as on two hosts.
        remembered = str(self.folder / f"schedule{len(self.processes)}")
        return self._start("beat", "celery", "-A", "rcm_webinar", "beat", f"--schedule={remembered}")

    def kill(self, process: Process) -> None:
        """Kill the process and all its children with SIGKILL, as when a host dies."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self, process: Process, *, within: float, signals_group: bool) -> int:
        """Send SIGTERM to the process, or to its whole group as some service managers do, and return its exit status.

        Raises TimeoutExpired.
        """
        (os.killpg if signals_group else os.kill)(process.pid, signal.SIGTERM)
        return process.wait(within)

    def logs(self) -> str:
        """Return the end of the log of each process."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-TOLD_OF_A_LOG:]}" for path in self.processes.values())

    def whole_logs(self) -> str:
        return "\n".join(path.read_text() for path in self.processes.values())

    def logged(self, event: str) -> list[dict[str, object]]:
        """Return the log entries of this event, of all processes."""
        lines = [json.loads(line) for line in self.whole_logs().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def wait_until(self, is_so: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `is_so` returns true. Raises AssertionError with the logs after `seconds`."""
        begun = time.monotonic()
        while not is_so():
            assert time.monotonic() - begun < seconds, f"not within {seconds} s:\n{self.logs()}"
            time.sleep(0.05)

    def _start(self, name: str, *command: str) -> Process:
        log = self.folder / f"{name}{len(self.processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes[process] = log
        return process
