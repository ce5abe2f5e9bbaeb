import re
from datetime import timedelta

import pytest
import time_machine
from django.core.signing import Signer

from registrations.exceptions import LinkNotValid
from registrations.models import Delegate, RegistrationPolicy
from registrations.services.nominations import edit_delegate, replace_delegate, withdraw_delegate
from registrations.services.nominations.undoing import restore_delegate
from registrations.tokens import (
    Scope,
    join_url,
    make_token,
    page_url,
    read_feed_token,
    read_token,
)
from registrations.tokens.participants import delegate_id_in_link
from tests.factories import NOW, make_delegate, make_delegation, make_details, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def delegate():
    return make_delegate(make_delegation(), email="ana@example.org")


def is_guess(token, *scopes):
    with pytest.raises(LinkNotValid) as refusal:
        read_token(token, *(scopes or (Scope.PAGE,)))
    return refusal.value.is_guess


def sign(value, scope=Scope.PAGE, **options):
    return Signer(salt=f"registrations.participant.{scope}", sep="~", **options).sign(value)


def test_a_token_names_the_person_it_was_made_for(delegate):
    make_delegate(delegate.delegation)

    assert read_token(make_token(delegate, Scope.PAGE), Scope.PAGE) == delegate
    assert read_token(make_token(delegate, Scope.JOIN), Scope.JOIN) == delegate


def test_a_token_holds_no_name_and_no_address_and_needs_no_escaping(delegate):
    token = make_token(delegate, Scope.PAGE)

    assert re.fullmatch(r"[0-9a-zA-Z~._-]+", token)
    assert "ana" not in token.lower()


def test_reading_a_token_takes_one_query_with_everything_a_page_needs_of_the_person(
    delegate, django_assert_num_queries
):
    token = make_token(delegate, Scope.PAGE)

    with django_assert_num_queries(1):
        found = read_token(token, Scope.PAGE, Scope.JOIN)
        assert (found.webinar.slug, found.webinar.policy.purge_on.year) == ("flows", 2027)
        assert found.delegation.body.iso_code == "HN"


def test_a_join_link_does_not_open_the_page(delegate):
    assert is_guess(make_token(delegate, Scope.JOIN), Scope.PAGE) is False
    assert is_guess(make_token(delegate, Scope.PAGE), Scope.JOIN) is False


def test_both_scopes_are_read_where_both_are_allowed(delegate):
    for scope in Scope:
        assert read_token(make_token(delegate, scope), Scope.JOIN, Scope.PAGE) == delegate


def test_a_token_that_is_cut_extended_or_changed_anywhere_is_a_guess(delegate):
    token = make_token(delegate, Scope.PAGE)
    changed = [token[:i] + ("b" if token[i] != "b" else "c") + token[i + 1 :] for i in range(len(token))]

    for guess in [
        *changed,
        *(token[:i] for i in range(len(token))),
        f"{token}A",
        f" {token}",
        f"{token}\n",
        "~",
        "ñ~é",
    ]:
        assert is_guess(guess) is True


def test_a_token_of_another_persons_id_under_this_signature_is_a_guess(delegate):
    other = make_delegate(delegate.delegation)
    signature = make_token(delegate, Scope.PAGE).partition("~")[2]

    assert is_guess(f"{other.pk}.{other.token_version}~{signature}") is True


def test_a_token_of_another_secret_is_a_guess(delegate):
    assert is_guess(sign(f"{delegate.pk}.1", key="some-other-secret")) is True


@pytest.mark.parametrize(
    "value", ["", ".", "x.1", "1.x", "1", "1.", ".1", "-1.1", "1.1.1", "٣.1", "1" * 5000 + ".1", "01.1", "1.1 "]
)
def test_a_signed_token_with_parts_that_are_no_numbers_is_refused(delegate, value):
    assert is_guess(sign(value)) is False


def test_the_largest_numbers_that_fit_the_pattern_are_refused_without_an_error(delegate):
    assert is_guess(sign(f"{'9' * 18}.{'9' * 9}")) is False


def test_links_stay_valid_while_the_old_secret_key_is_a_fallback(delegate, settings):
    before, old = make_token(delegate, Scope.PAGE), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-secret", [old]

    assert read_token(before, Scope.PAGE) == delegate
    assert make_token(delegate, Scope.PAGE) != before

    settings.SECRET_KEY_FALLBACKS = []
    assert is_guess(before) is True


def test_links_are_invalid_from_the_purge_day_on(delegate):
    token = make_token(delegate, Scope.PAGE)
    RegistrationPolicy.objects.update(purge_on=NOW.date() + timedelta(days=1))

    assert read_token(token, Scope.PAGE) == delegate
    assert read_feed_token(token).delegate == delegate

    RegistrationPolicy.objects.update(purge_on=NOW.date())
    assert is_guess(token) is False
    with pytest.raises(LinkNotValid):
        read_feed_token(token)


def test_a_change_of_address_invalidates_earlier_links(delegate):
    old = make_token(delegate, Scope.PAGE)
    details = make_details(name=delegate.name, email="ana.paz@example.org")

    changed = edit_delegate(delegate, details=details, version=1, by=make_staff(), now=NOW)

    assert is_guess(old) is False
    with pytest.raises(LinkNotValid):
        read_feed_token(old)
    assert read_token(make_token(changed, Scope.PAGE), Scope.PAGE) == delegate


def test_an_edit_without_a_new_address_keeps_links_valid(delegate):
    token = make_token(delegate, Scope.PAGE)
    details = make_details(name="Ana Paz", email="ana@example.org")

    edit_delegate(delegate, details=details, version=1, by=make_staff(), now=NOW)

    assert read_token(token, Scope.PAGE) == delegate


def test_a_withdrawn_person_has_no_page_but_an_empty_feed(delegate):
    token = make_token(delegate, Scope.PAGE)

    gone = withdraw_delegate(delegate, version=1, by=make_staff(), now=NOW, reason="Ill")

    assert is_guess(token) is False
    assert read_feed_token(token).delegate == delegate
    assert is_guess(make_token(gone, Scope.PAGE)) is False
    with pytest.raises(LinkNotValid):
        read_feed_token(make_token(delegate, Scope.JOIN))


def test_after_an_address_change_and_a_withdrawal_only_the_last_link_empties_the_feed(delegate):
    first = make_token(delegate, Scope.PAGE)
    details = make_details(name=delegate.name, email="ana.paz@example.org")
    changed = edit_delegate(delegate, details=details, version=1, by=make_staff(), now=NOW)
    second = make_token(changed, Scope.PAGE)

    withdraw_delegate(changed, version=changed.version, by=make_staff(), now=NOW, reason="Ill")

    assert read_feed_token(second).delegate == delegate
    with pytest.raises(LinkNotValid):
        read_feed_token(first)


def test_replacing_invalidates_the_links_of_the_replaced_person_and_the_newcomer_has_new_ones(delegate):
    token = make_token(delegate, Scope.PAGE)

    newcomer = replace_delegate(delegate, details=make_details(), version=1, by=make_staff(), now=NOW)

    assert is_guess(token) is False
    assert read_feed_token(token).delegate == delegate
    assert read_token(make_token(newcomer, Scope.PAGE), Scope.PAGE) == newcomer


def test_undoing_a_withdrawal_makes_the_same_link_valid_again(delegate, settings):
    settings.CHANGE_HOLD_SECONDS = 20
    token, staff = make_token(delegate, Scope.PAGE), make_staff()
    gone = withdraw_delegate(delegate, version=1, by=staff, now=NOW, reason="A mistake")
    Delegate.objects.update(mail_not_before=NOW + timedelta(seconds=20))

    restore_delegate(gone, by=staff, now=NOW)

    assert read_token(token, Scope.PAGE) == delegate


def test_the_delegate_of_an_expired_link_is_found_and_none_in_any_other_text(delegate):
    page, join = page_url(delegate), make_token(delegate, Scope.JOIN)
    delegate.token_version += 1
    delegate.save()

    assert [delegate_id_in_link(text) for text in (page, f"<{join}>", f"mailto:x\n{page}")] == [delegate.pk] * 3
    assert [
        delegate_id_in_link(text) for text in ("", join[:-1], f"{join}x", "/" * 9999 + join, "\ud800~é", "7.1~x")
    ] == [None] * 6


def test_urls_are_absolute_and_in_the_language_of_the_person(delegate):
    page, join = make_token(delegate, Scope.PAGE), make_token(delegate, Scope.JOIN)

    assert page_url(delegate) == f"http://testserver/es/my/{page}/"
    assert join_url(delegate, 2) == f"http://testserver/es/my/{join}/join/2/"

    delegate.language = "en"
    assert page_url(delegate) == f"http://testserver/en/my/{page}/"
