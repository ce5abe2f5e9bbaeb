"""Starts a private PostgreSQL and Redis for one test run, on free ports and in a temporary directory.

PostgreSQL refuses to run as root; then both run as the unprivileged account that Debian's packages bring, or as
`nobody`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTED_WITHIN_SECONDS = 60


class NotInstalled(Exception):
    """The program is not installed; the message says how to install it."""


def initdb_path() -> Path:
    """Return the path of initdb, which Debian does not put on the PATH. Raises NotInstalled."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if on_path:
        return Path(on_path).resolve()
    if not found:
        raise NotInstalled("PostgreSQL is not installed (Debian: apt install postgresql)")
    return found[-1]


def redis_path() -> str:
    """Raises NotInstalled."""
    path = shutil.which("redis-server")
    if path is None:
        raise NotInstalled("Redis is not installed (Debian: apt install redis-server)")
    return path


def chromium_path() -> str:
    """Raises NotInstalled."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise NotInstalled("Chromium is not installed (Debian: apt install chromium)")
    return path


@dataclass
class Server:
    """A server program on its own port. A test may stop it and start it again on the same data."""

    url: str
    port: int
    command: tuple[object, ...]
    # The folder of its log and its data.
    folder: Path
    account: dict[str, object]
    is_ready: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # In a session of its own, so that Ctrl-C stops the tests first and then the server.
                start_new_session=True,
                cwd=self.folder,
                **self.account,
            )
        wait_until(self.is_ready, self.process, log)

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop the server and wait for its end. SIGINT is a fast shutdown of PostgreSQL, SIGQUIT an immediate one."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @contextmanager
    def running(self) -> Iterator["Server"]:
        try:
            self.start()
            yield self
        finally:
            self.end()


@contextmanager
def postgresql(*, superuser: str = "rcm", **options: str) -> Iterator[Server]:
    """Start a private PostgreSQL; yield it with the URL of its database `rcm` and its superuser.

    Its data are deleted at the end. They survive a restart only with `synchronous_commit="on"`.
    """
    programs = initdb_path().parent
    account = unprivileged("postgres")
    with scratch("rcm-postgresql-", account) as folder:
        data, port = folder / "data", free_port()
        initdb = [programs / "initdb", "-D", data, "-U", superuser, "--auth=trust", "-E", "UTF8", "--no-sync"]
        # Names are sorted as on an installation, whatever the locale of this machine.
        subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, **account)
        known = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        known |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200}
        arguments = [part for name, value in (known | options).items() for part in ("-c", f"{name}={value}")]
        command = (programs / "postgres", "-D", data, *arguments)
        url = f"postgres://{superuser}@127.0.0.1:{port}"

        def is_ready() -> bool:
            # PostgreSQL accepts connections before it can answer them.
            asking = [programs / "pg_isready", "--quiet", "--dbname", f"{url}/postgres"]
            return subprocess.run(asking, check=False).returncode == 0

        with Server(f"{url}/rcm", port, command, folder, account, is_ready).running() as server:
            subprocess.run([programs / "createdb", "--maintenance-db", f"{url}/postgres", "rcm"], check=True)
            yield server


@contextmanager
def redis() -> Iterator[Server]:
    """Start a private Redis without persistence; yield it with a URL without a database number."""
    account, port = unprivileged("redis"), free_port()
    with scratch("rcm-redis-", account) as folder:
        command = (redis_path(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder)
        url = f"redis://127.0.0.1:{port}"
        with Server(url, port, command, folder, account, lambda: accepts(port)).running() as server:
            yield server


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def unprivileged(preferred: str) -> dict[str, object]:
    """Return the arguments with which subprocess runs as an unprivileged account; empty if this is not root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam(preferred if preferred in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


@contextmanager
def scratch(prefix: str, account: dict[str, object]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        if account:
            os.chown(name, account["user"], account["group"])
        yield Path(name)


def wait_until(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path | None = None) -> None:
    """Wait until `is_ready` returns true. Raises RuntimeError with its log if `process` ends or takes too long."""
    for _ in range(STARTED_WITHIN_SECONDS * 10):
        if is_ready():
            return
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"{process.args[0]} did not start:\n{log.read_text() if log else ''}")


def accepts(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
