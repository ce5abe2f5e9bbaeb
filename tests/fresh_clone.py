"""Installs a fresh clone of the present commit as a newcomer would, and runs the whole journey on its demo.

Both environments are made from nothing, with the pip that this Python ships.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.environment import ROOT
from tests.running_demo import STOPPED_WITHIN_SECONDS, running_demo


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="rcm-webinar-clone-", ignore_cleanup_errors=True) as scratch:
        clone = Path(scratch) / "rcm-webinar"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        subprocess.run(["make", "--silent", "dev"], cwd=clone, check=True)
        # The demo creates its own environment, which must not need the development requirements.
        shutil.rmtree(clone / ".venv")
        begun = time.monotonic()
        with running_demo(clone / "var" / "demo", command=("make", "demo"), cwd=clone) as demo:
            print(f"The demo answered {time.monotonic() - begun:.0f} s after `make demo` in a fresh clone.", flush=True)
            where = {"RCM_JOURNEY_URL": demo.url, "RCM_JOURNEY_MAIL": str(demo.folder / "mail")}
            story = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "journey", "tests/journeys/test_whole_story.py"]
            failed = subprocess.run(story, env=os.environ | where, check=False).returncode
            started = demo.processes()
            _, seconds = demo.stop()
            left = {pid for pid in started if Path(f"/proc/{pid}").exists()}
            print(f"Ctrl-C stopped its {len(started)} processes in {seconds:.1f} s.", flush=True)
        if left or seconds > STOPPED_WITHIN_SECONDS or _is_open(demo.port):
            print(f"Failed: {len(left)} processes were left, or stopping took more than {STOPPED_WITHIN_SECONDS} s.")
            return 1
        return failed


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main())
