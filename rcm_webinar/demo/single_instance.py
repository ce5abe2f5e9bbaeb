"""One demo on one directory of data and one port; who comes second is told so."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from rcm_webinar import env


class DemoRefused(Exception):
    """The demo cannot start; the message says why and what to do."""


@contextmanager
def data_claimed(port: int | None) -> Iterator[int]:
    """Hold the demo's data; the lock's file descriptor, which the demo's processes inherit.

    They hold the data too, so that what a killed starter left behind is noticed. Raises DemoRefused.
    """
    env.DEMO_DIR.mkdir(parents=True, exist_ok=True)
    claim = os.open(env.DEMO_DIR / "running", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRefused(_who_holds(os.read(claim, 200).decode())) from None
        os.truncate(claim, 0)
        os.write(claim, f"{os.getpid()} http://127.0.0.1:{port}/".encode())
        yield claim
    finally:
        os.close(claim)


def _who_holds(written: str) -> str:
    pid, _, address = written.partition(" ")
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return f"Processes of an earlier demo still run on {env.DEMO_DIR}: please end them first (gunicorn, celery)."
    return f"The demo already runs on {env.DEMO_DIR}: process {pid}, {address} (Ctrl-C stops it there)."


@contextmanager
def port_claimed(port: int) -> Iterator[int]:
    """Hold `port` on 127.0.0.1; the file descriptor that gunicorn listens on. Raises DemoRefused."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OverflowError:
            raise DemoRefused(f"There is no port {port}: take one from 1024 to 65535.") from None
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            state = "in use" if error.errno == errno.EADDRINUSE else "not open to you"
            raise DemoRefused(f"Port {port} is {state}. Take another one: make demo PORT={port + 1}") from None
        yield listener.fileno()
