"""Mailboxes: the same tests over a Maildir, a present IMAP server, and one that does less."""

import os
import re
import shutil
import signal
import socket
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from registrations.services.inbox.mailboxes import (
    FOR_A_PERSON,
    MAX_BYTES,
    PROCESSED,
    Mailbox,
    MailboxAway,
    StoredMail,
    open_mailbox,
)
from registrations.services.inbox.mailboxes.imap import parse_fetch
from tests.mail_servers import Dovecot, deliver, dovecot, make_maildir
from tests.servers import free_port

IMAP = [pytest.param(name, marks=pytest.mark.mail_servers) for name in ("imap", "imap_without_move")]
# Its folders lie below INBOX, and mail is moved by copying and deleting.
LESS = {"prefix": "INBOX.", "imap_capability": "IMAP4rev1 NAMESPACE UIDPLUS"}
NOBODY = 65534


@dataclass(frozen=True)
class Inbox:
    """A mailbox under test: its URL, and the directory in which its mail lies."""

    url: str
    maildir: Path

    def deliver(self, *contents: bytes) -> None:
        for content in contents:
            deliver(self.maildir, content)

    def in_folder(self, folder: str) -> list[bytes]:
        """Return the mail of a folder as it lies on the disk, with the line ends of a file."""
        files = sorted((self.maildir / f".{folder}").glob("[nc][eu][wr]/*"))
        return [path.read_bytes() for path in files]

    def flags(self) -> list[str]:
        return [path.name.partition(":2,")[2] for path in self.maildir.glob("[nc][eu][wr]/*")]


@pytest.fixture(scope="module", params=["maildir", *IMAP])
def server(request: pytest.FixtureRequest) -> Iterator[Dovecot | None]:
    if request.param == "maildir":
        yield None
    else:
        with dovecot(**(LESS if request.param == "imap_without_move" else {})) as server:
            yield server


@pytest.fixture
def inbox(server: Dovecot | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    if server is None:
        make_maildir(tmp_path / "Maildir")
        return Inbox(f"maildir://{tmp_path / 'Maildir'}", tmp_path / "Maildir")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    shutil.rmtree(server.maildir)
    make_maildir(server.maildir)
    return Inbox(server.url, server.maildir)


@pytest.fixture
def opened(inbox: Inbox) -> Iterator[Mailbox]:
    with open_mailbox(inbox.url) as mailbox:
        yield mailbox


def contents(mailbox: Mailbox) -> list[bytes]:
    """Return the mail of a mailbox in its order, with the line ends of a file."""
    mails = [mailbox.fetch(uid) for uid in mailbox.uids()]
    return [mail.content.replace(b"\r\n", b"\n") for mail in mails if mail]


def reason(url: str, *, timeout: float = 30) -> str:
    """Return why the mailbox cannot be opened."""
    with pytest.raises(MailboxAway) as away, open_mailbox(url, timeout=timeout):
        pass
    assert str(away.value) == away.value.reason
    return away.value.reason


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up the rights of root within the context, since nothing is read-only for root."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def frozen(server: Dovecot) -> Iterator[None]:
    """Let the server keep its connections and do nothing within the context."""
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)


def test_mail_is_read_in_the_order_of_its_arrival(inbox: Inbox, opened: Mailbox) -> None:
    sent = [b"Subject: %d\n\nText\n" % number for number in range(12)]
    inbox.deliver(*sent)

    assert contents(opened) == sent


def test_mail_that_arrives_while_the_mailbox_is_open_is_found(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n")
    before = opened.uids()
    inbox.deliver(b"Subject: 2\n\n")

    assert before == opened.uids()[:1]
    assert contents(opened) == [b"Subject: 1\n\n", b"Subject: 2\n\n"]


def test_reading_a_mail_does_not_mark_it_as_read(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n")

    assert contents(opened) == [b"Subject: 1\n\n"]
    assert inbox.flags() == [""]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\n", b"Subject: (UID 9 RFC822.SIZE 9 BODY[] {9}\n\n)\n"])
def test_the_whole_of_a_small_mail_is_read(content: bytes, inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(content)
    (uid,) = opened.uids()

    mail = opened.fetch(uid)

    assert mail is not None
    assert mail == StoredMail(uid, mail.content, len(mail.content))
    assert mail.content.replace(b"\r\n", b"\n") == content


@pytest.mark.parametrize("size", [MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1])
def test_the_size_says_whether_a_mail_was_cut(size: int, inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"x" * size)
    (uid,) = opened.uids()

    assert opened.fetch(uid) == StoredMail(uid, b"x" * min(size, MAX_BYTES), size)


def test_a_mail_of_50_mb_is_never_loaded_whole(inbox: Inbox, opened: Mailbox) -> None:
    large = b"0123456789abcd\r\n" * (50 * 1024 * 1024 // 16)
    inbox.deliver(large)
    (uid,) = opened.uids()

    tracemalloc.start()
    mail = opened.fetch(uid)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert mail == StoredMail(uid, large[:MAX_BYTES], len(large))
    assert peak < 4 * MAX_BYTES


def test_mail_is_moved_into_folders_that_are_made(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n", b"Subject: 2\n\n", b"Subject: 3\n\n", b"Subject: 4\n\n")
    first, second, _, fourth = opened.uids()

    opened.move(first, PROCESSED)
    opened.move(second, FOR_A_PERSON)
    opened.move(fourth, PROCESSED)

    assert contents(opened) == [b"Subject: 3\n\n"]
    assert inbox.in_folder(PROCESSED) == [b"Subject: 1\n\n", b"Subject: 4\n\n"]
    assert inbox.in_folder(FOR_A_PERSON) == [b"Subject: 2\n\n"]


def test_a_folder_that_was_deleted_is_made_again(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n", b"Subject: 2\n\n")
    first, second = opened.uids()
    opened.move(first, PROCESSED)
    shutil.rmtree(inbox.maildir / f".{PROCESSED}")

    opened.move(second, PROCESSED)

    assert inbox.in_folder(PROCESSED) == [b"Subject: 2\n\n"]


def test_mail_that_is_moved_twice_is_in_the_folder_once(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n")
    (uid,) = opened.uids()

    opened.move(uid, PROCESSED)
    opened.move(uid, PROCESSED)

    assert inbox.in_folder(PROCESSED) == [b"Subject: 1\n\n"]


def test_mail_that_another_program_has_moved_is_no_error(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n", b"Subject: 2\n\n")
    first, second = opened.uids()
    with open_mailbox(inbox.url) as other:
        other.move(first, PROCESSED)
        other.move(second, PROCESSED)

    opened.move(first, FOR_A_PERSON)
    mail = opened.fetch(second)

    assert mail is None
    assert opened.uids() == []
    assert inbox.in_folder(PROCESSED) == [b"Subject: 1\n\n", b"Subject: 2\n\n"]
    assert inbox.in_folder(FOR_A_PERSON) == []


def test_an_opened_mailbox_is_the_same_at_the_next_opening(inbox: Inbox, opened: Mailbox) -> None:
    inbox.deliver(b"Subject: 1\n\n")

    with open_mailbox(inbox.url) as again:
        assert (again.name, again.uid_validity) == (opened.name, opened.uid_validity)
        assert again.uids() == opened.uids()


class TestMaildir:
    @pytest.fixture
    def maildir(self, tmp_path: Path) -> Path:
        make_maildir(tmp_path / "Maildir")
        return tmp_path / "Maildir"

    def test_it_is_named_by_its_path_and_has_no_uid_validity(self, maildir: Path) -> None:
        with open_mailbox(f"maildir://{maildir}") as mailbox:
            assert (mailbox.name, mailbox.uid_validity) == (str(maildir), "")

    def test_mail_that_a_mail_program_flags_meanwhile_keeps_its_uid_and_its_flags(self, maildir: Path) -> None:
        name = deliver(maildir, b"Subject: 1\n\n")
        with open_mailbox(f"maildir://{maildir}") as mailbox:
            (maildir / "new" / name).rename(maildir / "cur" / f"{name}:2,FS")

            assert mailbox.fetch(name) == StoredMail(name, b"Subject: 1\n\n", 12)
            assert mailbox.uids() == [name]
            mailbox.move(name, PROCESSED)

        assert (maildir / ".Processed" / "cur" / f"{name}:2,FS").exists()

    def test_what_is_no_mail_is_left_alone(self, maildir: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b"secret")
        (maildir / "new" / "1.link").symlink_to(tmp_path / "secret")
        (maildir / "new" / ".hidden").touch()
        (maildir / "cur" / "directory").mkdir()

        with open_mailbox(f"maildir://{maildir}") as mailbox:
            assert mailbox.uids() == []

    def test_a_folder_that_was_left_half_made_is_completed(self, maildir: Path) -> None:
        name = deliver(maildir, b"Subject: 1\n\n")
        (maildir / ".Processed" / "tmp").mkdir(parents=True)

        with open_mailbox(f"maildir://{maildir}") as mailbox:
            mailbox.move(name, PROCESSED)

        assert sorted(path.name for path in (maildir / ".Processed").iterdir()) == [
            "cur",
            "maildirfolder",
            "new",
            "tmp",
        ]
        assert (maildir / ".Processed" / "new" / name).exists()

    def test_a_folder_has_the_rights_of_the_mailbox(self, maildir: Path) -> None:
        maildir.chmod(0o770)
        name = deliver(maildir, b"Subject: 1\n\n")

        with open_mailbox(f"maildir://{maildir}") as mailbox:
            mailbox.move(name, PROCESSED)

        assert [(maildir / part).stat().st_mode & 0o777 for part in (".Processed", ".Processed/cur")] == [0o770, 0o770]

    def test_one_that_is_missing_is_away(self, tmp_path: Path) -> None:
        assert reason(f"maildir://{tmp_path / 'Maildir'}") == "ENOENT"

    def test_one_that_disappears_is_away(self, maildir: Path) -> None:
        name = deliver(maildir, b"Subject: 1\n\n")
        with open_mailbox(f"maildir://{maildir}") as mailbox:
            shutil.rmtree(maildir)

            for call in (mailbox.uids, lambda: mailbox.fetch(name), lambda: mailbox.move(name, PROCESSED)):
                with pytest.raises(MailboxAway, match="ENOENT"):
                    call()

    def test_one_that_cannot_be_written_is_away(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            make_maildir(Path(folder) / "Maildir")
            Path(folder).chmod(0o755)
            (Path(folder) / "Maildir" / "new").chmod(0o555)

            with as_nobody():
                assert reason(f"maildir://{folder}/Maildir") == "EACCES"


@pytest.mark.mail_servers
class TestImap:
    @pytest.fixture
    def running(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
        with dovecot() as server:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
            yield server

    def test_it_is_named_by_account_host_and_folder(self, running: Dovecot) -> None:
        with open_mailbox(running.url) as mailbox:
            account, _, folder = mailbox.name.partition("@")
            assert folder == "127.0.0.1/INBOX"
            assert mailbox.uid_validity.isdecimal()

        with open_mailbox(running.url.replace("imaps://webinars:", "imaps://other:")) as mailbox:
            other = mailbox.name.partition("@")[0]
        assert re.fullmatch("[0-9a-f]{8} [0-9a-f]{8}", f"{account} {other}")
        assert account != other

    def test_another_folder_can_be_the_inbox(self, running: Dovecot) -> None:
        make_maildir(running.maildir / ".To read")
        deliver(running.maildir / ".To read", b"Subject: 1\n\n")

        with open_mailbox(running.url.replace("/INBOX", "/To%20read")) as mailbox:
            mailbox.move("1", PROCESSED)

            assert mailbox.name.endswith("@127.0.0.1/To read")
            assert mailbox.uids() == []

        with open_mailbox(running.url.replace("INBOX", PROCESSED)) as mailbox:
            assert contents(mailbox) == [b"Subject: 1\n\n"]

    def test_a_folder_that_is_made_is_subscribed_to(self, running: Dovecot) -> None:
        deliver(running.maildir, b"Subject: 1\n\n")
        with open_mailbox(running.url) as mailbox:
            mailbox.move("1", FOR_A_PERSON)

        assert FOR_A_PERSON in (running.maildir / "subscriptions").read_text().splitlines()

    def test_a_mailbox_that_cannot_be_used_is_away(self, running: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
        assert reason(running.url.replace("sample", "wrong")) == "sign_in_refused"
        assert reason(running.url.replace("INBOX", "Missing")) == "no_such_folder"
        assert reason(running.url.replace("127.0.0.1", "localhost")) == "certificate_not_trusted"
        monkeypatch.delenv("SSL_CERT_FILE")
        assert reason(running.url) == "certificate_not_trusted"

    def test_a_server_that_is_stopped_is_away(self, running: Dovecot) -> None:
        deliver(running.maildir, b"Subject: 1\n\n")
        for call in (
            lambda mailbox: mailbox.uids(),
            lambda mailbox: mailbox.fetch("1"),
            lambda mailbox: mailbox.move("1", PROCESSED),
        ):
            with open_mailbox(running.url) as mailbox:
                running.end()
                with pytest.raises(MailboxAway, match="not_reached"):
                    call(mailbox)
            assert reason(running.url) == "not_reached"
            running.start()

    def test_a_server_that_stops_answering_is_away(self, running: Dovecot) -> None:
        deliver(running.maildir, b"Subject: 1\n\n")
        with (
            open_mailbox(running.url, timeout=0.5) as mailbox,
            frozen(running),
            pytest.raises(MailboxAway, match="no_answer_in_time"),
        ):
            mailbox.fetch("1")

        with open_mailbox(running.url) as mailbox:
            assert contents(mailbox) == [b"Subject: 1\n\n"]


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ([b'1 (UID 7 RFC822.SIZE 0 BODY[]<0> "")'], b""),
        ([(b"1 (UID 7 RFC822.SIZE 0 BODY[]<0> {0}", b""), b")"], b""),
        ([(b"1 (UID 7 RFC822.SIZE 3 BODY[]<0> {3}", b"a\r\n"), b")"], b"a\r\n"),
    ],
)
def test_an_empty_mail_is_a_mail(answer: list[object], content: bytes) -> None:
    assert parse_fetch("7", answer) == StoredMail("7", content, len(content))


@pytest.mark.parametrize("answer", [[None], [b"1 (UID 7 FLAGS (\\Seen))"]])
def test_an_answer_without_a_mail_says_that_it_has_gone(answer: list[object]) -> None:
    assert parse_fetch("7", answer) is None


def test_a_server_that_does_not_answer_is_away() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"imaps://webinars:sample@127.0.0.1:{listener.getsockname()[1]}/INBOX"

        assert reason(url, timeout=0.1) == "no_answer_in_time"


def test_a_server_that_does_not_run_is_away() -> None:
    assert reason(f"imaps://webinars:sample@127.0.0.1:{free_port()}/INBOX") == "not_reached"
