"""The processes of an installation, started and ended one by one."""

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
    """The command of a worker that `make serve` prints."""
    printed = subprocess.run(
        ["make", "--no-print-directory", "serve"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    (command,) = re.findall(r"^ +(celery .*worker.*)$", printed, re.MULTILINE)
    return command.split()


class Installation(AbstractContextManager["Installation"]):
    """Runs our programs with `settings` as their environment; at the end, what still runs is killed.

    Each process leads a group of its own and writes a log of its own into `folder`.
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
        """The one of `make serve`, which sends `concurrency` messages at a time."""
        hostname = f"--hostname={name or f'worker{len(self.processes)}@%h'}"
        return self._start("worker", *documented_worker(), f"--concurrency={concurrency}", hostname)

    def start_beat(self) -> Process:
        # Two beats are two hosts: each remembers for itself when it last ran.
        remembered = str(self.folder / f"schedule{len(self.processes)}")
        return self._start("beat", "celery", "-A", "rcm_webinar", "beat", f"--schedule={remembered}")

    def kill(self, process: Process) -> None:
        """As a host that dies: the process and all its children, without a word."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self, process: Process, *, within: float, is_group_told: bool) -> int:
        """Ask it to end, by itself or together with its children as service managers differ; its exit status.

        Raises TimeoutExpired.
        """
        (os.killpg if is_group_told else os.kill)(process.pid, signal.SIGTERM)
        return process.wait(within)

    def logs(self) -> str:
        """The end of what each process wrote."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-TOLD_OF_A_LOG:]}" for path in self.processes.values())

    def whole_logs(self) -> str:
        return "\n".join(path.read_text() for path in self.processes.values())

    def logged(self, event: str) -> list[dict[str, object]]:
        """The lines of this event, of all processes."""
        lines = [json.loads(line) for line in self.whole_logs().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def wait_until(self, is_so: Callable[[], bool], *, seconds: float) -> None:
        """Raises AssertionError with the logs."""
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
