"""Makes sure that one demo at a time uses a data directory and a port; a second one gets an error."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from rcm_webinar import env


class DemoError(Exception):
    """The demo cannot start; the message says why, and what to do."""


@contextmanager
def lock_data(port: int | None) -> Iterator[int]:
    """Lock the demo's data directory, and yield the file descriptor of the lock.

    The demo's processes inherit the descriptor and so keep the lock: a second start notices processes that a killed
    starter left behind. Raises DemoError if the lock is taken.
    """
    env.DEMO_DIR.mkdir(parents=True, exist_ok=True)
    lock = os.open(env.DEMO_DIR / "running", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(_describe_holder(os.read(lock, 200).decode())) from None
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()} http://127.0.0.1:{port}/".encode())
        yield lock
    finally:
        os.close(lock)


def _describe_holder(lock_content: str) -> str:
    pid, _, address = lock_content.partition(" ")
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return f"Processes of an earlier demo still run on {env.DEMO_DIR}: please end them first (gunicorn, celery)."
    return f"The demo already runs on {env.DEMO_DIR}: process {pid}, {address} (Ctrl-C stops it there)."


@contextmanager
def bind_port(port: int) -> Iterator[int]:
    """Bind `port` on 127.0.0.1, and yield the file descriptor on which gunicorn listens. Raises DemoError."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OverflowError:
            raise DemoError(f"There is no port {port}: take one from 1024 to 65535.") from None
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            state = "in use" if error.errno == errno.EADDRINUSE else "not open to you"
            raise DemoError(f"Port {port} is {state}. Take another one: make demo PORT={port + 1}") from None
        yield listener.fileno()
