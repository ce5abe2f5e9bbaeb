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


def test_a_mail_with_a_thousand_parts_within_each_other_is_unreadable():
    with pytest.raises(Unreadable):
        parts_of(parse_mail(nested(2000)))


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
