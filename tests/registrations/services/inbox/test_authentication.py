import time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from registrations.services.inbox.authentication import is_proven
from registrations.services.inbox.parsing import parse_mail

SERVER = "mx.example.net"
PASS = f"{SERVER}; dmarc=pass header.from=example.org"


def proven(
    *results: str, sender: str = "Ana <ana@example.org>", attendee="ana@example.org", authserv_id=SERVER
) -> bool:
    lines = [f"Authentication-Results: {each}" for each in results]
    mail = parse_mail("\n".join([*lines, f"From: {sender}", "", "text"]).encode())
    return is_proven(mail, attendee=attendee, authserv_id=authserv_id)


@pytest.mark.parametrize(
    "result",
    [
        PASS,
        "mx.example.net 1; DMARC=Pass header.from=Example.ORG",
        "MX.example.net;\n\tspf=pass smtp.mailfrom=example.org;\n\tdmarc=pass\n (p=NONE)\n header.from=example.org",
        "mx.example.net (checks (all) \\) of it); dmarc = pass (a;b=c) policy.dmarc=none header.from = example.org",
        'mx.example.net; spf=fail reason="no; dmarc=fail" smtp.mailfrom=a; dmarc/1=pass header.from="example.org";',
    ],
)
def test_a_pass_reported_by_the_named_server_proves_the_sender(result):
    assert proven(result)


@pytest.mark.parametrize(
    "result",
    [
        "",
        "mx.example.net",
        "mx.example.net; none",
        "mx.example.net; dmarc=fail header.from=example.org",
        "mx.example.net; dmarc=none header.from=example.org",
        "mx.example.net; dmarc=pass",
        "mx.example.net; dmarc=pass header.from=example.com",
        "mx.example.net; dmarc=pass header.from=mail.example.org",
        "mx.example.net; dkim=pass header.from=example.org",
        "mx.example.net; spf=pass header.from=example.org dmarc=pass",
        'mx.example.net; spf=fail reason="; dmarc=pass header.from=example.org"',
        "mx.example.net; spf=fail (; dmarc=pass header.from=example.org)",
        'mx.example.net; spf=fail smtp.mailfrom="\\"; dmarc=pass header.from=example.org; a=\\""',
        "mx.example.net; spf=fail (\\); dmarc=pass header.from=example.org",
        'mx.example.net; dmarc=pass header.from=example.org; spf=fail smtp.mailfrom="a@example.com; dmarc=fail',
        "mx.example.net; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org",
        "mx.example.net; dmarc=pass header.from=example.com header.from=example.org",
        "mx.example.net.evil.example; dmarc=pass header.from=example.org",
        "dmarc=pass header.from=example.org",
    ],
)
def test_anything_else_proves_nothing(result):
    assert not proven(result)


def test_headers_of_other_servers_are_ignored_wherever_they_stand():
    forged = "mx.example.com; dmarc=pass header.from=example.org"

    assert not proven(forged, f"{SERVER}; dmarc=fail header.from=example.org")
    assert proven("mx.example.com; dmarc=fail header.from=example.org", PASS, "relay.example.com; dmarc=fail")


def test_headers_of_the_server_that_disagree_prove_nothing():
    assert proven(f"{SERVER}; dkim=pass header.d=example.org", PASS)
    assert not proven(PASS, f"{SERVER}; dmarc=fail header.from=example.org")
    assert not proven(f"{SERVER}; dmarc=pass header.from=example.com", PASS)


def test_without_the_name_of_a_server_nothing_is_proven():
    assert not proven("; dmarc=pass header.from=example.org", authserv_id="")


@pytest.mark.parametrize(
    "sender",
    [
        "Ana <eva@example.org>",
        '"ana@example.org" <eva@example.org>',
        "ana@example.org, eva@example.org",
        "ana@example.org\nFrom: ana@example.org",
        "ana@example.org\nFrom: eva@example.org",
        "ana",
    ],
)
def test_the_one_sender_is_the_attendee(sender):
    assert not proven(PASS, sender=sender)


def test_case_does_not_matter_in_addresses():
    assert proven(PASS, sender="ANA@Example.org", attendee="Ana@example.ORG")


def test_a_long_header_costs_little():
    begun = time.process_time()

    assert not proven(f"{SERVER}; " + "(" * 100_000, f"{SERVER}; " + "=;" * 50_000, f"{SERVER}; " + '"\\' * 50_000)
    assert time.process_time() - begun < 0.2


@given(st.text(alphabet='mx.example.net; dmarc=pass header.from=example.org()"\\?\n é', max_size=120))
def test_no_header_raises(text):
    proven(text, f"{SERVER}; {text}")
