"""Whatever people do in whatever order: the rules that are never broken stay whole."""

from collections import Counter
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from registrations.exceptions import RuleBroken
from registrations.models import Delegate, Delegation, HistoryEvent, NominationLetter, Quota, RegistrationPolicy, Waiver
from registrations.queries import gaps_in, lacks_letter, quota_board, seats_of
from registrations.services import delegations, letters, nominations, policies, quotas
from registrations.services.nominations import undoing
from tests.factories import (
    NOW,
    PROFILES,
    make_country,
    make_delegation,
    make_details,
    make_pdf,
    make_profiles,
    make_staff,
    make_upload,
    make_user,
)
from tests.sizes import IS_DRILL

EVENT_OF_A_CLASH = "address_clash"
STEPS_OF_A_DELEGATION = {
    ("draft", "submitted"),
    ("draft", "accepted"),
    ("submitted", "accepted"),
    ("submitted", "returned"),
    ("returned", "submitted"),
    ("returned", "accepted"),
    ("accepted", "reopened"),
    ("reopened", "submitted"),
    ("reopened", "accepted"),
}
numbers = st.integers(min_value=0, max_value=99)
profiles = st.sampled_from(sorted(PROFILES)[:2])
addresses = st.sampled_from(["a@example.org", "A@example.org", "b@example.org", "c@example.org", "d@example.org"])
reasons = st.sampled_from(["", "fell ill"])
steps = st.sampled_from(["submit", "accept", "return", "reopen", "leave", "come back"])


class Registration(RuleBasedStateMachine):
    """Two countries, a focal point and someone of the secretariat; every step is either done or refused whole."""

    @initialize()
    def open_registration(self):
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = NOW
        self.people = [make_user(), make_staff()]
        self.profiles = make_profiles()
        first = make_delegation()
        make_delegation(first.webinar, make_country("PA"))
        Quota.objects.exclude(profile__code__in=sorted(PROFILES)[:2]).delete()
        Quota.objects.update(minimum=1, maximum=3)
        # One begins as what waits for the secretariat with gaps: few stories would get there by themselves.
        delegations.submit_delegation(first, version=1, by=self.people[0], now=self.now, reason="fell ill")
        self.remember()

    def teardown(self):
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def remember(self):
        self.delegations = {one.pk: one for one in Delegation.objects.all()}
        self.delegates = {one.pk: one for one in Delegate.objects.all()}

    def stored(self):
        """Everything but the events of clashes, which outlive what they belong to."""
        return [
            list(model.order_by("pk").values())
            for model in (
                Delegation.objects.all(),
                Delegate.objects.all(),
                Waiver.objects.all(),
                Quota.objects.all(),
                HistoryEvent.objects.exclude(kind=EVENT_OF_A_CLASH),
            )
        ]

    def attempt(self, step, *args, who, **kwargs):
        """A step that is refused leaves everything as it was."""
        before = self.stored()
        try:
            step(*args, by=self.people[who % 2], now=self.now, **kwargs)
        except RuleBroken:
            assert self.stored() == before

    def one_of(self, model, number):
        rows = list(model.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def details(self, profile, email):
        return make_details(self.profiles[profile], email=email)

    @rule(seconds=st.sampled_from([1, 30]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(where=numbers, profile=profiles, email=addresses, who=numbers)
    def register(self, where, profile, email, who):
        delegation = self.one_of(Delegation, where)
        self.attempt(nominations.register_delegate, delegation, details=self.details(profile, email), who=who)

    @rule(whom=numbers, profile=profiles, email=addresses, reason=reasons, who=numbers, stale=st.booleans())
    def edit(self, whom, profile, email, reason, who, stale):
        if delegate := self.one_of(Delegate, whom):
            details, version = self.details(profile, email), delegate.version - stale
            self.attempt(nominations.edit_delegate, delegate, details=details, version=version, reason=reason, who=who)

    @rule(whom=numbers, who=numbers, stale=st.booleans())
    def undo_edit(self, whom, who, stale):
        if delegate := self.one_of(Delegate, whom):
            self.attempt(undoing.undo_edit, delegate, version=delegate.version - stale, who=who)

    @rule(whom=numbers, email=addresses, who=numbers)
    def replace(self, whom, email, who):
        if delegate := self.one_of(Delegate, whom):
            details = self.details("prosecutors", email)
            self.attempt(nominations.replace_delegate, delegate, details=details, version=delegate.version, who=who)

    @rule(whom=numbers, reason=reasons, who=numbers)
    def withdraw(self, whom, reason, who):
        if delegate := self.one_of(Delegate, whom):
            self.attempt(nominations.withdraw_delegate, delegate, version=delegate.version, reason=reason, who=who)

    @rule(whom=numbers, who=numbers)
    def restore(self, whom, who):
        if delegate := self.one_of(Delegate, whom):
            self.attempt(undoing.restore_delegate, delegate, who=who)

    @rule(where=numbers, step=steps, reason=reasons, who=numbers)
    def decide(self, where, step, reason, who):
        delegation = self.one_of(Delegation, where)
        service, told = {
            "submit": (delegations.submit_delegation, {"version": delegation.version, "reason": reason}),
            "accept": (delegations.accept_delegation, {"with_gap": bool(reason)}),
            "return": (delegations.return_delegation, {"comment": reason}),
            "reopen": (delegations.reopen_delegation, {"reason": reason}),
            "leave": (delegations.mark_not_attending, {"reason": reason}),
            "come back": (delegations.mark_attending_again, {}),
        }[step]
        self.attempt(service, delegation, who=who, **told)

    @rule(where=numbers, profile=profiles, seats=st.integers(0, 2))
    def waive(self, where, profile, seats):
        delegation, told = self.one_of(Delegation, where), {"profile": self.profiles[profile], "seats": seats}
        self.attempt(delegations.waive_seats, delegation, reason="small unit", who=1, **told)

    @rule(which=numbers)
    def revoke(self, which):
        if waiver := self.one_of(Waiver, which):
            self.attempt(delegations.revoke_waiver, waiver, reason="found one", who=1)

    @rule(which=numbers, minimum=st.integers(0, 2), maximum=st.none() | st.integers(1, 3))
    def ask_for_others(self, which, minimum, maximum):
        quota = self.one_of(Quota, which)
        self.attempt(quotas.change_quota, quota, minimum=minimum, maximum=maximum, reason="agreed", who=1)

    @rule(where=numbers, which=numbers, minimum=st.integers(0, 2), is_ended=st.booleans())
    def except_one_country(self, where, which, minimum, is_ended):
        delegation, quota = self.one_of(Delegation, where), self.one_of(Quota, which)
        if is_ended:
            self.attempt(quotas.end_exception, delegation, quota=quota, reason="as all", who=1)
        else:
            numbers = {"minimum": minimum, "maximum": None}
            self.attempt(quotas.make_exception, delegation, quota=quota, **numbers, reason="small", who=1)

    @rule(where=numbers, who=numbers)
    def send_the_letter(self, where, who):
        upload = make_upload(make_pdf("Nomination"))
        self.attempt(letters.upload_letter, self.one_of(Delegation, where), upload=upload, who=who)

    @rule(which=numbers, who=numbers)
    def take_the_letter_away(self, which, who):
        if letter := self.one_of(NominationLetter, which):
            self.attempt(letters.remove_letter, letter, who=who)

    @rule(waits=st.booleans(), requires_letter=st.booleans())
    def decide_how_it_is_accepted(self, waits, requires_letter):
        policy = RegistrationPolicy.objects.get()
        policy.accepts_complete_at_once, policy.requires_letter = not waits, requires_letter
        changed = ["accepts_complete_at_once", "requires_letter"]
        self.attempt(policies.save_policy, policy, changed=changed, who=1)

    @invariant()
    def what_is_submitted_and_complete_waits_only_where_its_webinar_makes_it_wait(self):
        for delegation in Delegation.objects.filter(status="submitted").select_related("webinar__policy"):
            is_complete = not gaps_in(seats_of(delegation)) and not lacks_letter(delegation)
            assert not (is_complete and delegation.webinar.policy.accepts_complete_at_once)

    @invariant()
    def no_maximum_is_exceeded_and_the_board_agrees(self):
        board = {row.delegation: row.seats for row in quota_board(Delegation.objects.first().webinar).rows}
        for delegation in Delegation.objects.all():
            seats = seats_of(delegation)
            people = Counter(delegation.delegates.active().values_list("profile__code", flat=True))
            assert seats == board[delegation]
            assert {seat.profile.code: seat.named for seat in seats if seat.named} == dict(people)
            assert all(seat.maximum is None or seat.named <= seat.maximum for seat in seats)

    @invariant()
    def an_address_is_active_once(self):
        active = [delegate.address for delegate in Delegate.objects.active()]
        assert len(active) == len(set(active))

    @invariant()
    def everyone_in_an_accepted_delegation_is_admitted(self):
        assert not Delegate.objects.active().filter(delegation__status="accepted", admitted_at=None).exists()

    @invariant()
    def whoever_is_replaced_has_a_successor_and_nobody_else_has_one(self):
        for delegate in Delegate.objects.all():
            assert (delegate.status == "replaced") == (delegate.replaced_by_id is not None)

    @invariant()
    def the_last_step_was_one_that_the_rules_allow(self):
        self.check_delegations()
        self.check_delegates()
        self.remember()

    def check_delegations(self):
        """States follow one another as rule 4 says, and versions rise."""
        for delegation in Delegation.objects.all():
            before = self.delegations[delegation.pk]
            assert delegation.version >= before.version
            if delegation.status == before.status:
                continue
            assert delegation.version > before.version
            if delegation.status == "not_attending":
                assert delegation.status_before == before.status
            elif before.status == "not_attending" and before.status_before != "submitted":
                assert delegation.status == before.status_before
            elif before.status == "not_attending":
                assert delegation.status in ("submitted", "accepted")
            else:
                assert (before.status, delegation.status) in STEPS_OF_A_DELEGATION

    def check_delegates(self):
        """Only leaving un-admits, and every change of a person is a version."""
        for delegate in Delegate.objects.all():
            before = self.delegates.get(delegate.pk)
            if before is None:
                continue
            if before.is_active and before.admitted_at is not None:
                assert delegate.admitted_at == before.admitted_at
            told = ("name", "email", "profile_id", "status", "token_version", "replaced_by_id")
            if any(getattr(delegate, name) != getattr(before, name) for name in told):
                assert delegate.version > before.version


@pytest.mark.django_db
def test_whatever_people_do_in_whatever_order_no_rule_is_broken():
    run_state_machine_as_test(
        Registration,
        settings=settings(
            max_examples=15 if IS_DRILL else 8,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
