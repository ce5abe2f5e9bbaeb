"""Runs the demo as a person does: starts it by a command, and stops it by Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment import ROOT
from tests.servers import free_port

READY_LINE = "Ctrl-C stops it."
STARTED_WITHIN_SECONDS = 300
STOPPED_WITHIN_SECONDS = 10
DIRECTLY = (sys.executable, "-m", "rcm_webinar.demo")


@dataclass(frozen=True)
class RunningDemo:
    """A running demo; `folder` holds its data."""

    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def processes(self) -> set[int]:
        """Return the ids of the command and of all running processes that it started."""
        parents = _parents()
        family = {self.process.pid} & set(parents)
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Signal the command's process group as a terminal does; return its exit status and how long it took."""
        begun = time.monotonic()
        os.killpg(self.process.pid, number)
        status = self.process.wait(timeout=60)
        return status, time.monotonic() - begun


class DemoDidNotStart(Exception):
    """The command ended, or did not get ready in time; the message is its output."""


@contextmanager
def running_demo(
    folder: Path, *, command: Sequence[str] = DIRECTLY, cwd: Path = ROOT, port: int | None = None, **settings: str
) -> Iterator[RunningDemo]:
    """Start the demo with its data in `folder`, and stop it at the end if the caller has not."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    output = folder.parent / f"{folder.name}-output"
    with output.open("wb") as written:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(folder, port) | settings,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    demo = RunningDemo(f"http://127.0.0.1:{port}", folder, process, output)
    try:
        _wait_until_ready(demo)
        yield demo
    finally:
        if process.poll() is None:
            demo.stop()


def environment(folder: Path, port: int) -> dict[str, str]:
    """Return the environment in which the demo is started."""
    return shell() | {"RCM_DEMO": "1", "RCM_DEMO_DIR": str(folder), "PORT": str(port)}


def shell() -> dict[str, str]:
    """Return the environment of this shell without the settings of the product."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"}}
    return kept | {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


def _wait_until_ready(demo: RunningDemo) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while READY_LINE not in demo.output.read_text():
        try:
            demo.process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
        raise DemoDidNotStart(demo.output.read_text())


def _parents() -> dict[int, int]:
    """Return the parent's process id of every process that is not a zombie, by process id. Works on Linux only."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            found[int(entry.name)] = int(fields[1])
    return found
