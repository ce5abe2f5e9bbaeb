"""What the focal points of a country are told about a submission of its delegation."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.messages import receipt
from registrations.models import Delegation, Delivery, DeliveryKind, HistoryKind, RegistrationPolicy, User
from registrations.services.delegations import mark_not_attending, return_delegation, submit_delegation
from registrations.services.delivering.plan import plan
from registrations.services.nominations import edit_delegate, withdraw_delegate
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_focal_point,
    make_staff,
    make_user,
)
from tests.registrations.services.deliveries import SOON, released_delegation, sent_by

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PROFILES = ("prosecutors", "immigration-control", "border-control", "investigation-units")

SAID = """\
Dear Rosa Ejemplo,

The secretariat has received the delegation of Country HN.
Mass intra-regional flows

Submitted: Mon 26 Oct, 10:00 (Panama, UTC−05:00) · 09:00 (Costa Rica, UTC−06:00)
Submitted by: Rosa Ejemplo
State: Submitted

Named, of the seats asked for:
Prosecutors: 1 of 2
- Ana Ejemplo
Immigration control: 0 of 2
Border control: 0 of 2
Investigation units: 0 of 2

Still missing:
- Prosecutors: 1
- Immigration control: 2
- Border control: 2
- Investigation units: 2

Reason given:
> Two posts
> are vacant

What happens next:
The secretariat decides and writes to you.
You can add, change and replace people until Fri 6 Nov, 10:00 (Panama, UTC−05:00) · 09:00 (Costa Rica, UTC−06:00); \
afterwards you can still replace them and fill empty seats.
The next session: Mon 16 Nov, 10:00–12:00 (Panama, UTC−05:00) · 09:00–11:00 (Costa Rica, UTC−06:00)

The delegation:
http://testserver/en/delegations/flows-country-hn/#receipt
There you find this acknowledgement as a PDF.

Questions: secretariat@example.org
"""


@pytest.fixture
def rosa() -> User:
    return make_user("rosa@example.org", name="Rosa Ejemplo", language="en", timezone="America/Panama")


@pytest.fixture
def delegation(rosa: User) -> Delegation:
    """A draft with one prosecutor, whose focal points are Rosa, who reads English, and Raúl, who reads Spanish."""
    delegation = released_delegation("draft")
    make_focal_point(delegation.body, rosa)
    make_focal_point(delegation.body, make_user("raul@example.org", language="es"))
    make_delegate(delegation, name="Ana Ejemplo")
    return delegation


def submit(delegation: Delegation, by: User, reason: str = "Two posts\nare vacant") -> Delegation:
    version = Delegation.objects.get(pk=delegation.pk).version
    return submit_delegation(delegation, version=version, by=by, now=NOW, reason=reason)


def receipts(now=SOON) -> dict[str, str]:
    """The texts of the receipts that are sent at `now`, by their recipient."""
    return {one.to[0]: one.body for one in sent_by(now) if "received" in one.subject or "acuse" in one.subject}


def test_a_submission_is_acknowledged_to_all_focal_points_of_the_country_alone(delegation, rosa) -> None:
    other = make_delegation(delegation.webinar, make_country("PA"))
    make_focal_point(other.body, make_user("panama@example.org"))

    submit(delegation, rosa)
    plan(now=SOON)

    deliveries = Delivery.objects.filter(kind=DeliveryKind.RECEIPT)
    assert {one.email for one in deliveries} == {"rosa@example.org", "raul@example.org"}


def test_a_receipt_says_when_by_whom_who_is_named_what_is_missing_why_and_what_is_next(delegation, rosa) -> None:
    submit(delegation, rosa)

    text = receipts()["Rosa Ejemplo <rosa@example.org>"]

    assert text == SAID


def test_the_names_are_those_of_the_submission_as_they_are_written_now(delegation, rosa) -> None:
    leaving, staff = make_delegate(delegation, name="Luis Muestra"), make_staff()
    submit(delegation, rosa)
    ana = delegation.delegates.get(name="Ana Ejemplo")
    edit_delegate(ana, details=make_details(name="Ana Ejemplo Ruiz", email=ana.email), version=1, by=staff, now=NOW)
    withdraw_delegate(leaving, version=1, by=staff, now=NOW, reason="Ill")
    make_delegate(delegation, name="Mara Muestra")

    text = receipts()["Rosa Ejemplo <rosa@example.org>"]

    assert "Prosecutors: 2 of 2\n- Ana Ejemplo Ruiz\n- Luis Muestra\n" in text
    assert "Mara" not in text


def test_a_complete_delegation_lacks_nothing_and_is_accepted_in_the_receipt(delegation, rosa) -> None:
    delegation.delegates.all().delete()
    for profile in PROFILES * 2:
        make_delegate(delegation, profile)
    submit(delegation, rosa, reason="")

    text = receipts()["Rosa Ejemplo <rosa@example.org>"]

    assert "Still missing" not in text
    assert "State: Accepted\n" in text


def test_a_submission_that_waits_for_a_decision_says_so(delegation, rosa) -> None:
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    for profile in PROFILES * 2:
        make_delegate(delegation, profile)
    submit(delegation, rosa, reason="")

    assert "The secretariat decides and writes to you." in receipts()["Rosa Ejemplo <rosa@example.org>"]


def test_each_submission_has_a_receipt_of_its_own(delegation, rosa) -> None:
    submit(delegation, rosa)
    first = receipts()
    return_delegation(delegation, comment="A letter, please", by=make_staff(), now=SOON)
    submit(delegation, rosa)

    assert len(first) == len(receipts(SOON + MINUTE)) == 2


def test_a_submission_of_a_version_without_codes_owes_no_receipt(delegation, rosa) -> None:
    delegation.history.create(webinar=delegation.webinar, kind=HistoryKind.SUBMITTED, actor=rosa, at=NOW)

    assert receipt.owed(now=SOON) == 0


def test_nothing_is_owed_once_the_delegation_does_not_attend_or_the_submission_is_old(delegation, rosa) -> None:
    submit(delegation, rosa)
    assert receipt.owed(now=NOW + 20 * DAY) == 0

    mark_not_attending(delegation, reason="Elections", by=make_staff(), now=NOW)

    assert receipt.owed(now=SOON) == 0


def test_text_that_people_typed_stays_text(delegation, rosa) -> None:
    delegation.delegates.update(name="<b>Ana</b> & {{ x }}")
    submit(delegation, rosa, reason="<script>alert(1)</script>")

    receipts()
    (html,) = {str(one.alternatives[0][0]) for one in mail.outbox if "rosa" in one.to[0] and "received" in one.subject}

    assert "&lt;b&gt;Ana&lt;/b&gt; &amp; {{ x }}" in html
    assert "<script>" not in html


def test_planning_receipts_takes_the_same_queries_for_one_as_for_many(delegation, rosa) -> None:
    submit(delegation, rosa)
    with CaptureQueriesContext(connection) as for_one:
        receipt.owed(now=SOON)
    for code in ("PA", "MX", "CR"):
        other = make_delegation(delegation.webinar, make_country(code))
        make_focal_point(other.body, make_user())
        submit(other, make_staff())

    with CaptureQueriesContext(connection) as for_many:
        assert receipt.owed(now=SOON) == 3

    assert len(for_many) == len(for_one) == 3
