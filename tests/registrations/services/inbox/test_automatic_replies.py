import pytest

from registrations.services.inbox.automatic_replies import is_automatic_reply
from registrations.services.inbox.parsing import parse_mail


def mail(headers: str):
    return parse_mail(f"From: Ana Paz <ana.paz@example.org>\n{headers}\n\nI am away.\n".encode())


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: Auto-Generated (failure)",
        "Auto-Submitted: auto-replied; owner-email=ana.paz@example.org",
        "X-Auto-Response-Suppress: All",
        "Precedence: Bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-AutoRespond: vacation",
        "Delivered-To: Autoresponder",
        "Subject: Automatic reply: Invitation",
        "Subject: Out of Office AutoReply: Invitation",
        "Subject: out of the office: Invitation",
        "Subject: =?utf-8?q?Respuesta_autom=C3=A1tica=3A_Invitaci=C3=B3n?=",
        "Subject: Fuera de la oficina: Invitación",
        "Subject: =?utf-8?q?Resposta_autom=C3=A1tica=3A_Convite?=",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique=C2=A0=3A_Invitation?=",
        "Subject: =?iso-8859-1?q?Absent_du_bureau_=3A_Invitation?=",
    ],
)
def test_an_automatic_reply_is_recognised_by_its_headers(headers):
    assert is_automatic_reply(mail(headers))


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: no",
        "X-Auto-Response-Suppress: None",
        "Precedence: normal",
        "Subject: Re: Automatic reply: Invitation",
        "Subject: Out of office on Tuesday, can Luis come instead?",
        "Subject: Out of office",
        "Subject: On vacation: Invitation",
        "Subject: Auto",
        "Subject: Auto: vehiculos",
        "Subject: Fuera de la oficina el martes",
        "Subject: Automatic translation: which languages?",
        "Subject: =?utf-8?q?Respuesta",
    ],
)
def test_a_persons_mail_is_no_automatic_reply(headers):
    assert not is_automatic_reply(mail(headers))
