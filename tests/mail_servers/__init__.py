"""Starts a private Dovecot and Postfix for one test run, on free ports and in temporary directories.

Postfix delivers into the mailbox that Dovecot shows, and bounces as a relay does, without DNS and without a network. It
must be started by root.
"""

import grp
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from urllib.parse import quote

from tests.servers import NotInstalled, Server, accepts, free_port, scratch, unprivileged

HERE = Path(__file__).parent

# It needs encoding, both in a URL and in IMAP.
PASSWORD = "sample/contraseña"

# A certificate that clients trust itself, so since Python 3.13 it must say that it may sign.
CERTIFICATE = (
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail.example.org "
    "-addext subjectAltName=IP:127.0.0.1 -addext keyUsage=critical,digitalSignature,keyCertSign "
    "-keyout key.pem -out certificate.pem"
)

numbers = itertools.count()


def dovecot_path() -> str:
    """Raises NotInstalled, also for a Dovecot whose configuration has another syntax."""
    path = _path("dovecot", "Dovecot", "dovecot-imapd")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        raise NotInstalled("Dovecot is not version 2.3, which the tests configure")
    return path


def postfix_path() -> str:
    """Raises NotInstalled, also if this is not root."""
    path = _path("postfix", "Postfix", "postfix")
    if os.geteuid() != 0:
        raise NotInstalled("Postfix can be started only by root")
    return path


class Dovecot(Server):
    """A Dovecot. Its `url` is that of the mailbox, with user name and password."""

    @property
    def maildir(self) -> Path:
        return self.folder / "Maildir"

    @property
    def certificate(self) -> Path:
        """The file that the environment variable SSL_CERT_FILE must name, so that clients trust the server."""
        return self.folder / "certificate.pem"

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server and wait for its end, with the processes that would keep its connections open."""
        if self.process:
            os.killpg(self.process.pid, number)
        super().end(number)


@contextmanager
def dovecot(*, prefix: str = "", **options: str) -> Iterator[Dovecot]:
    """Start a private Dovecot that serves one mailbox by IMAP over TLS.

    The names of its folders begin with `prefix`; `options` are added to its configuration.
    """
    program, account, port = dovecot_path(), unprivileged("dovecot"), free_port()
    with scratch("rcm-dovecot-", account) as folder:
        owner = folder.stat()
        user, group = pwd.getpwuid(owner.st_uid).pw_name, grp.getgrgid(owner.st_gid).gr_name
        make_maildir(folder / "Maildir")
        values = {"folder": folder, "port": port, "user": user, "group": group, "password": PASSWORD, "prefix": prefix}
        added = "".join(f"{name} = {text}\n" for name, text in options.items())
        (folder / "dovecot.conf").write_text(_filled("dovecot.conf", values) + added)
        subprocess.run(["openssl", *CERTIFICATE.split()], cwd=folder, check=True, capture_output=True, **account)
        command = (program, "-F", "-c", folder / "dovecot.conf")
        url = f"imaps://webinars:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/INBOX"
        with Dovecot(url, port, command, folder, account, lambda: accepts(port)).running() as server:
            yield server


@contextmanager
def postfix(maildir: Path) -> Iterator[Server]:
    """Start a private Postfix that accepts every mail; yield it with an `smtp://` URL, which EMAIL_URL may be.

    Mail to webinars@example.org and bounces@example.org, also with "+" and a token, is delivered into `maildir`, that
    of a Dovecot (Postfix refuses to deliver as root). Mail to another address at example.org bounces with 5.1.1. Mail
    for elsewhere.example.org is relayed to a second server. This refuses unknown@ (550 5.1.1), full@ (552 5.2.2) and
    policy@ (550 5.7.1), puts delayed@ off (450 4.2.1), of which the sender is warned at once, and drops all other mail.
    """
    program, port, elsewhere, owner = postfix_path(), free_port(), free_port(), maildir.stat()
    with scratch("rcm-postfix-", {}) as folder:
        # Most programs of Postfix run as an account of its own.
        folder.chmod(0o755)
        for name in ("queue", "data"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        values = {"folder": folder, "port": port, "elsewhere": elsewhere, "uid": owner.st_uid, "gid": owner.st_gid}
        values |= {"mailboxes": maildir.parent, "mailbox": maildir.name}
        for name in ("main.cf", "master.cf"):
            (folder / name).write_text(_filled(name, values))
        # This creates the directories of the queue.
        subprocess.run([program, "-c", folder, "check"], check=True, capture_output=True)
        command = (_daemons_of_postfix() / "master", "-c", folder, "-s")
        with Server(f"smtp://127.0.0.1:{port}", port, command, folder, {}, lambda: accepts(port)).running() as server:
            yield server


def make_maildir(path: Path) -> None:
    """Make an empty Maildir that belongs to the owner of the directory above it."""
    owner = path.parent.stat()
    for directory in (path, path / "tmp", path / "new", path / "cur"):
        directory.mkdir()
        os.chown(directory, owner.st_uid, owner.st_gid)


def deliver(maildir: Path, content: bytes) -> str:
    """Deliver a mail into a Maildir as a mail server does, later than all before; return its name."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    name = f"{seconds}.M{nanoseconds // 1000:06}P{os.getpid()}Q{next(numbers):06}.localhost"
    (maildir / "tmp" / name).write_bytes(content)
    owner = maildir.stat()
    os.chown(maildir / "tmp" / name, owner.st_uid, owner.st_gid)
    (maildir / "tmp" / name).rename(maildir / "new" / name)
    return name


def _daemons_of_postfix() -> Path:
    asking = ["postconf", "-d", "-h", "daemon_directory"]
    return Path(subprocess.run(asking, capture_output=True, text=True, check=True).stdout.strip())


def _filled(name: str, values: dict[str, object]) -> str:
    return Template((HERE / name).read_text()).substitute(values)


def _path(program: str, name: str, package: str) -> str:
    # Debian puts servers where only root looks for programs.
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        raise NotInstalled(f"{name} is not installed (Debian: apt install {package})")
    return path
