import time
from contextlib import suppress

import pytest

from registrations.services.inbox.parsing import (
    MAX_PARTS,
    Unreadable,
    addresses_in,
    header_text,
    parse_mail,
    parts_of,
    text_of,
    texts_of,
)


def nested(depth: int) -> bytes:
    """A mail with `depth` parts within each other."""
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(depth))
    return b"From: a@example.org\n" + head + b"\n\ntext\n"


@pytest.mark.parametrize(
    "mail",
    [
        nested(2000),
        nested(450) + b"\n" * 200_000,
        nested(50) + b"\n" * 39_000,
        nested(50).replace(b"boundary=", b"BOUNDARY*0 =") + b"\r" * 200_000,
        b"\r\n" * 131_000,
        b"Content-Type: multipart/mixed" + b";" * 262_000,
        b"content-type: multipart/mixed\n " + b";\n " * 87_000,
        b'From: a\r\nContent-Type: multipart/mixed; a="' + b";" * 262_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + (b'--b\nContent-Type: multipart/mixed; a="' + b";" * 48 + b"\n\n\n") * 2_600,
        b"Content-Type: message/delivery-status\n\n" + b"\n" * 262_000,
        b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * 19_000,
        b"Content-Type: message/rfc822\n\n" * 8_000,
        b"Content-Type: multipart/digest; boundary=b\n\n" + b"--b\n\n" * 19_000,
        b"content-type:\n " * 16_000,
        b"boundary" + b" " * 262_000,
    ],
    ids=range(15),
)
def test_a_mail_made_to_take_long_is_parsed_soon_or_unreadable(mail):
    began = time.process_time()

    with suppress(Unreadable):
        parts_of(parse_mail(mail[: 256 * 1024]))

    assert time.process_time() - began < 0.5


def test_a_mail_that_would_take_too_long_is_unreadable():
    for mail in (nested(450), b"\n" * 200_000, b"Content-Type: text/plain" + b";" * 3_000):
        with pytest.raises(Unreadable):
            parse_mail(mail)


def test_a_large_mail_of_a_person_is_read():
    lines = b"word " * 14 + b"\r\n"
    mail = nested(10).replace(b"\n", b"\r\n") + lines * 3_600

    assert len(parts_of(parse_mail(mail))) == 11


def test_of_many_parts_the_first_are_read():
    mail = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000

    assert len(parts_of(parse_mail(mail))) == MAX_PARTS


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Subject: =?utf-8?q?Sesi=C3=B3n?=", "Sesión"),
        (b"Subject: =?utf-8?q?Sesi=C3", "=?utf-8?q?Sesi=C3"),
        (b"Subject: =?no-such-charset?b?U2k=?=", "=?no-such-charset?b?U2k=?="),
        (b"Subject: =?utf-8?b?!!!!?=", ""),
        (b"Subject: a\n b\x00\x07", "a b"),
        (b"Subject: Sesi\xf3n", "Sesi�n"),
        (b"X-Other: 1", ""),
        (b"Subject: " + b"a" * 100_000, "a" * 10_000),
    ],
)
def test_a_header_becomes_one_line_of_text_whatever_is_in_it(raw, text):
    assert header_text(parse_mail(raw + b"\n\nbody\n"), "Subject") == text


def test_addresses_are_lower_cased_and_the_broken_ones_left_out():
    mail = parse_mail(b'To: "Paz, Ana" <Ana@Example.ORG>, undisclosed-recipients:;\nCc: bob@example.org, nobody\n\n')

    assert addresses_in(mail, "To", "Cc") == ["ana@example.org", "bob@example.org"]


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "Sí".encode(), "Sí"),
        ("windows-1256", "نعم".encode("windows-1256"), "نعم"),
        ("no-such-charset", "Sí".encode(), "Sí"),
        ("utf-8", b"S\xed\x00", "S�"),
        ("punycode", "Sí".encode(), "Sí"),
        ("hex", "Sí".encode(), "Sí"),
        ("utf-7", b"S+2AA-", "S?"),
    ],
)
def test_a_text_is_decoded_as_far_as_it_can_be(charset, raw, text):
    mail = parse_mail(f"Content-Type: text/plain; charset={charset}\n\n".encode() + raw)

    assert text_of(mail) == text


def test_the_texts_of_one_type():
    mail = parse_mail(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>\n--b\n\nyes\n--b--\n"
    )

    assert [text.strip() for text in texts_of(mail, "text/plain")] == ["yes"]
