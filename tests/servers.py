"""Private PostgreSQL and Redis for one test run: free ports, a scratch directory, ended by pid.

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
    """The program is not on this machine; the message says how to get it."""


def initdb_path() -> Path:
    """Debian keeps PostgreSQL's programs off the PATH. Raises NotInstalled."""
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
    """A program with a port of its own. A test may end it and start it again: it finds the data that it kept."""

    url: str
    port: int
    command: tuple[object, ...]
    # Its log lies here, and it is what else it knows.
    folder: Path
    account: dict[str, object]
    is_ready: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Returns once it answers. Raises RuntimeError with its log."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal ends the tests first, then this.
                start_new_session=True,
                cwd=self.folder,
                **self.account,
            )
        wait_until(self.is_ready, self.process, log)

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Returns once it is gone. To PostgreSQL, SIGINT is a fast shutdown and SIGQUIT an immediate one."""
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
    """A server of its own; its URL is that of its database `rcm`, and of its superuser.

    It keeps nothing safe: the data end with the run. With `synchronous_commit="on"` they survive a restart.
    """
    programs = initdb_path().parent
    account = _account("postgres")
    with _scratch("rcm-postgresql-", account) as folder:
        data, port = folder / "data", free_port()
        initdb = [programs / "initdb", "-D", data, "-U", superuser, "--auth=trust", "-E", "UTF8", "--no-sync"]
        # Names sort as on an installation, whatever this machine's locale.
        subprocess.run([*initdb, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, **account)
        known = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        known |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200}
        arguments = [part for name, value in (known | options).items() for part in ("-c", f"{name}={value}")]
        command = (programs / "postgres", "-D", data, *arguments)
        url = f"postgres://{superuser}@127.0.0.1:{port}"

        def is_ready() -> bool:
            # It accepts connections before it answers them.
            asking = [programs / "pg_isready", "--quiet", "--dbname", f"{url}/postgres"]
            return subprocess.run(asking, check=False).returncode == 0

        with Server(f"{url}/rcm", port, command, folder, account, is_ready).running() as server:
            subprocess.run([programs / "createdb", "--maintenance-db", f"{url}/postgres", "rcm"], check=True)
            yield server


@contextmanager
def redis() -> Iterator[Server]:
    """A server of its own, without persistence; its URL is without a database number."""
    account, port = _account("redis"), free_port()
    with _scratch("rcm-redis-", account) as folder:
        command = (redis_path(), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder)
        url = f"redis://127.0.0.1:{port}"
        with Server(url, port, command, folder, account, lambda: accepts(port)).running() as server:
            yield server


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _account(preferred: str) -> dict[str, object]:
    """What subprocess needs to become an unprivileged account; nothing where we are none of root's."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam(preferred if preferred in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


@contextmanager
def _scratch(prefix: str, account: dict[str, object]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        if account:
            os.chown(name, account["user"], account["group"])
        yield Path(name)


def wait_until(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path | None = None) -> None:
    """Raises RuntimeError with its log if `process` ends before, or takes too long."""
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
