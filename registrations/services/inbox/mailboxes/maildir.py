"""Mail in a Maildir, into which a mail server delivers; its folders are those of Maildir++."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from registrations.services.inbox.mailboxes.contract import MAX_BYTES, MailboxAway, StoredMail

# A mail server delivers into `new`. A mail program moves what it has shown into `cur`, and adds flags to the name.
DIRECTORIES_OF_MAIL = ("new", "cur")

T = TypeVar("T")


class Maildir:
    """The mailbox in the directory `path`. Raises MailboxAway if it is missing or cannot be written.

    Mail is only ever renamed, which is atomic: whenever this process ends, each mail is in exactly one folder.
    """

    uid_validity = ""

    def __init__(self, path: str) -> None:
        self.name = path
        self._path = Path(path)
        # The file of each UID when the directory was last listed.
        self._files: dict[str, Path] = {}
        with _errors_as_away():
            self._list()
            if not all(os.access(self._path / name, os.W_OK | os.X_OK) for name in (".", *DIRECTORIES_OF_MAIL)):
                raise PermissionError(errno.EACCES, "not writable")

    def uids(self) -> list[str]:
        """Return the UIDs in the order of delivery, with whose time a file name begins."""
        with _errors_as_away():
            self._list()
        return sorted(self._files)

    def fetch(self, uid: str) -> StoredMail | None:
        def read(path: Path) -> StoredMail:
            with path.open("rb") as file:
                return StoredMail(uid, file.read(MAX_BYTES), os.fstat(file.fileno()).st_size)

        with _errors_as_away():
            return self._call_with_file(uid, read)

    def move(self, uid: str, folder: str) -> None:
        with _errors_as_away():
            target = self._create(folder)
            self._call_with_file(uid, lambda path: path.rename(target / path.parent.name / path.name))

    def _list(self) -> None:
        self._files = {
            entry.name.partition(":")[0]: Path(entry.path)
            for name in DIRECTORIES_OF_MAIL
            for entry in os.scandir(self._path / name)
            if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
        }

    def _call_with_file(self, uid: str, action: Callable[[Path], T]) -> T | None:
        """Call `action` with the file of the mail; once more if a mail program has renamed it. None if it has gone."""
        for _ in range(2):
            if uid in self._files:
                with suppress(FileNotFoundError):
                    return action(self._files[uid])
            self._list()
        return None

    def _create(self, folder: str) -> Path:
        """Create the folder, or what it lacks because an earlier process was killed, with the rights of the mailbox."""
        target = self._path / f".{folder}"
        for directory in (target, *(target / name for name in ("tmp", *DIRECTORIES_OF_MAIL))):
            if not directory.exists():
                directory.mkdir()
                shutil.copymode(self._path, directory)
        if not (target / "maildirfolder").exists():
            (target / "maildirfolder").touch()
        return target


@contextmanager
def _errors_as_away() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MailboxAway(errno.errorcode.get(error.errno or 0, "OSError")) from None
