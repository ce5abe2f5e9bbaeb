"""Answers of calendar programs: mails made here like those of the programs, and smaller ones from a template."""

from pathlib import Path

# The session and the person that every mail here is about.
UID = "5f0c6f5e-8d0b-4c5e-9a54-6f2f4b7c1d10"
ADDRESS = "ana@example.org"
ATTENDEE = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ADDRESS}"
PROGRAMS = ("thunderbird", "outlook", "gmail", "apple", "exchange")


def program_mail(program: str) -> bytes:
    """Return the answer as `program` writes it."""
    return (Path(__file__).parent / f"{program}.eml").read_bytes()


def calendar(*lines: str, method: str = "REPLY", uid: str = UID, sequence: int = 1) -> str:
    """Return a calendar object with one event; without `lines`, one in which the person accepts."""
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20261030T160000Z",
            f"SEQUENCE:{sequence}",
            *(lines or [ATTENDEE]),
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def mail(*parts: str | tuple[str, str], sender: str = ADDRESS) -> bytes:
    """Return a mail of these parts, which are calendar objects or (content type, text)."""
    pairs = [part if isinstance(part, tuple) else ("text/calendar", part) for part in parts]
    bodies = [f"--b\nContent-Type: {content_type}\n\n{text}\n" for content_type, text in pairs]
    head = f"From: {sender}\nDate: Fri, 30 Oct 2026 10:30:00 -0600\nContent-Type: multipart/mixed; boundary=b\n\n"
    return (head + "".join(bodies) + "--b--\n").encode()
