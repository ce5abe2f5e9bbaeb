from email import message_from_bytes, policy
from pathlib import Path

from django.core.mail import EmailMessage, get_connection


def test_each_message_is_one_file_in_the_order_of_writing(mail_folder: Path) -> None:
    messages = [EmailMessage(f"Subject ñ {number}", "Body", to=["ana@example.org"]) for number in range(5)]

    with get_connection(timeout=5) as connection:
        assert connection.send_messages(messages) == 5

    files = sorted(mail_folder.iterdir())
    assert [message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"] for path in files] == [
        f"Subject ñ {number}" for number in range(5)
    ]
    assert {path.suffix for path in files} == {".eml"}


def test_a_file_has_the_line_ends_of_mail(mail_folder: Path) -> None:
    EmailMessage("Subject", "One\nTwo", to=["ana@example.org"]).send()

    (path,) = mail_folder.iterdir()
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") > 0
