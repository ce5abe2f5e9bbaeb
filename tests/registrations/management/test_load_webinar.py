from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from registrations.management.definitions import DEFINITIONS, load_definition
from registrations.models import (
    BodyKind,
    Delegation,
    HistoryEvent,
    ParticipatingBody,
    Quota,
    QuotaException,
    RegistrationPolicy,
    ReminderRule,
)
from sessions_app.agenda import agenda_from_rows
from sessions_app.bilingual import Bilingual
from sessions_app.definitions import DefinitionRefused
from sessions_app.models import AgendaItem, Session, Speaker, Webinar, WebinarOrganiser
from tests.factories import NOW, make_delegate, make_staff

pytestmark = pytest.mark.django_db

CONCEPT_NOTE = DEFINITIONS / "mass-intra-regional-flows.toml"
CONNECTION_TEST = DEFINITIONS / "connection-test.toml"


def edited(tmp_path: Path, *replacements: tuple[str, str], source: Path = CONCEPT_NOTE) -> Path:
    """Return a copy of a definition file with some text replaced."""
    text = source.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "edited.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(*arguments: str) -> str:
    out = StringIO()
    call_command("load_webinar", *arguments, stdout=out)
    return out.getvalue()


def test_the_concept_note_has_its_two_sessions_with_the_hours_of_the_note() -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar

    minutes = [
        [(entry.ends_at - entry.starts_at).seconds // 60 for entry in each.entries]
        for each in agenda_from_rows(webinar).sessions
    ]
    starts = list(webinar.sessions.order_by("number").values_list("starts_at", flat=True))

    assert minutes == [[20, 10, 60, 30], [10, 30, 30, 50]]
    assert starts == [datetime(2020, 11, 16, 15, tzinfo=UTC), datetime(2020, 11, 17, 15, tzinfo=UTC)]


def test_the_concept_note_is_complete_in_both_languages() -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar

    titles = [each.title for each in agenda_from_rows(webinar).sessions]
    entries = [entry for each in agenda_from_rows(webinar).sessions for entry in each.entries]
    texts = [*titles, *(entry.title for entry in entries), *(point for entry in entries for point in entry.points)]

    assert [text for text in texts if not (text.en and text.es)] == []
    assert all(getattr(webinar, f"{name}_{code}") for name in ("objective", "background") for code in ("en", "es"))


def test_eleven_countries_have_quotas_of_two_for_four_profiles() -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar

    countries = ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY)
    english = set(countries.filter(default_language="en").values_list("iso_code", flat=True))

    assert countries.count() == 11
    assert english == {"BZ", "CA", "US"}
    assert list(Quota.objects.values_list("minimum", "maximum")) == [(2, None)] * 4
    assert Delegation.objects.filter(webinar=webinar).count() == 14
    assert len(ParticipatingBody.objects.get(iso_code="HN").timezones) == 1
    assert len(ParticipatingBody.objects.get(iso_code="MX").timezones) > 1


def test_registration_is_counted_from_the_day_on_which_the_webinar_starts() -> None:
    webinar = load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW).webinar

    policy = RegistrationPolicy.objects.get(webinar=webinar)

    assert [each.starts_at for each in webinar.sessions.order_by("number")] == [
        datetime(2026, 12, 7, 15, tzinfo=UTC),
        datetime(2026, 12, 8, 15, tzinfo=UTC),
    ]
    assert policy.closes_at == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert policy.purge_on == date(2027, 12, 7)


def test_a_letter_is_required_where_the_file_says_so(tmp_path: Path) -> None:
    as_it_is = load_definition(CONCEPT_NOTE, now=NOW).webinar
    optional = RegistrationPolicy.objects.get(webinar=as_it_is).requires_letter

    report = load_definition(edited(tmp_path, ("requires_letter = false", "requires_letter = true")), now=NOW)

    assert (optional, RegistrationPolicy.objects.get(webinar=as_it_is).requires_letter) == (False, True)
    assert report.changes == ("Registration: when it opens and closes.",)


def sentences(webinar: Webinar) -> list[str]:
    return [str(rule) for rule in webinar.reminder_rules.all()]


def days_of_notices(webinar: Webinar) -> list[int]:
    return list(webinar.gap_notice_rules.values_list("days_before", flat=True))


def test_the_concept_note_has_reminders_for_unanswered_invitations_and_gap_notices() -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar

    assert sentences(webinar) == [
        "7 days before the first session, to everyone who has not declined",
        "3 days before the first session, to those who have not answered",
        "1 day before the first session, to everyone who has not declined",
        "1 hour before each session, to everyone who has not declined",
    ]
    assert days_of_notices(webinar) == [5, 2]


def test_without_rules_in_the_file_a_new_webinar_gets_the_usual_ones() -> None:
    load_definition(CONCEPT_NOTE, now=NOW)

    webinar = load_definition(CONNECTION_TEST, now=NOW).webinar

    assert sentences(webinar) == [
        "7 days before the first session, to everyone who has not declined",
        "1 day before the first session, to everyone who has not declined",
        "1 hour before each session, to everyone who has not declined",
    ]
    assert days_of_notices(webinar) == [7, 2]


def test_without_rules_in_the_file_a_known_webinar_keeps_its_own(tmp_path: Path) -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar
    text = CONCEPT_NOTE.read_text(encoding="utf-8").replace("gap_notices = [5, 2]", "")
    head, *reminders = text.split("[[reminder]]")
    silent = tmp_path / "silent.toml"
    silent.write_text(head + reminders[-1][reminders[-1].index("[[profile]]") :], encoding="utf-8")

    report = load_definition(silent, now=NOW)

    assert report.changes == ()
    assert (len(sentences(webinar)), days_of_notices(webinar)) == (4, [5, 2])


@pytest.mark.parametrize(
    ("lead", "sentence"),
    [
        ("days = 60", "60 days before the first session, to everyone who has not declined"),
        ("minutes = 90", "90 minutes before the first session, to everyone who has not declined"),
        ("days = 1\nhours = 12", "36 hours before the first session, to everyone who has not declined"),
        (
            'minutes = 30\nwhen = "after"\nto = "focal_points"',
            "30 minutes after the first session, to the focal points",
        ),
    ],
)
def test_a_reminder_in_the_file_sets_lead_time_moment_and_recipients(tmp_path: Path, lead: str, sentence: str) -> None:
    webinar = load_definition(edited(tmp_path, ("days = 7", lead)), now=NOW).webinar

    assert sentence in sentences(webinar)


def test_rules_missing_from_the_file_are_deleted_and_the_others_keep_their_creation_time(tmp_path: Path) -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar
    later = NOW + timedelta(hours=1)

    report = load_definition(edited(tmp_path, ("days = 7", "days = 6"), ("[5, 2]", "[4, 2]")), now=later)

    assert report.changes == ("Reminders.", "Gap notices.")
    assert set(webinar.reminder_rules.values_list("amount", "created_at")) == {(6, later), (3, NOW), (1, NOW)}
    assert set(webinar.gap_notice_rules.values_list("days_before", "created_at")) == {(4, later), (2, NOW)}


@pytest.mark.parametrize(
    "start",
    [datetime.fromisoformat("2026-12-07T10:05"), datetime.fromisoformat("2026-12-07T16:05Z")],
    ids=["wall clock", "instant"],
)
def test_a_start_may_name_the_hour_too(start: datetime) -> None:
    load_definition(CONCEPT_NOTE, now=NOW)

    webinar = load_definition(CONNECTION_TEST, starts_on=start, now=NOW).webinar

    assert webinar.sessions.get().starts_at == datetime(2026, 12, 7, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize("starts_on", [None, date(2026, 12, 7)])
def test_loading_twice_changes_nothing(starts_on: date | None) -> None:
    first = load_definition(CONCEPT_NOTE, starts_on=starts_on, now=NOW)
    before = agenda_from_rows(first.webinar)

    second = load_definition(CONCEPT_NOTE, now=NOW + timedelta(days=1))

    assert (first.is_new, second.is_new, second.changes) == (True, False, ())
    assert agenda_from_rows(Webinar.objects.get()) == before
    assert set(ReminderRule.objects.values_list("created_at", flat=True)) == {NOW}
    assert "Nothing to change" in load(str(CONCEPT_NOTE))


def test_a_changed_file_updates_its_values_and_keeps_the_shifted_dates(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW)
    uids = list(Session.objects.values_list("ical_uid", flat=True))

    changed = edited(tmp_path, ("start = 09:00:00", "start = 10:00:00"), ('"Opening remarks"', '"Welcome"'))
    report = load_definition(changed, now=NOW)

    session = Session.objects.get(number=1)
    assert report.changes == ("Session 1: Context and challenges of the massive movements of people called caravans.",)
    assert session.starts_at == datetime(2026, 12, 7, 16, tzinfo=UTC)
    assert session.items.get(position=1).title_en == "Welcome"
    assert list(Session.objects.values_list("ical_uid", flat=True)) == uids


def test_a_start_for_a_known_webinar_is_refused_with_the_reason() -> None:
    load_definition(CONCEPT_NOTE, now=NOW)
    before = agenda_from_rows(Webinar.objects.get())

    with pytest.raises(CommandError, match=r"line 5: .*is loaded already, so --starts-on is refused"):
        load(str(CONCEPT_NOTE), "--starts-on", "2026-12-07")

    assert agenda_from_rows(Webinar.objects.get()) == before


def test_removing_a_session_from_the_file_is_refused(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, now=NOW)

    with pytest.raises(DefinitionRefused, match=r"Session 2 is loaded but missing here"):
        load_definition(edited(tmp_path, ("number = 2", "number = 3")), now=NOW)

    assert set(Session.objects.values_list("number", flat=True)) == {1, 2}


def test_a_session_is_cancelled_in_the_file_once(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, now=NOW)
    cancelled = edited(tmp_path, ("number = 2", "number = 2\ncancelled = true"))

    load_definition(cancelled, now=NOW)
    again = load_definition(cancelled, now=NOW + timedelta(hours=1))

    assert again.changes == ()
    assert Session.objects.get(number=2).cancelled_at == NOW


def test_a_changed_quota_is_recorded_in_the_history_with_its_actor(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW)
    more = edited(tmp_path, ('code = "border-control"\nminimum = 2', 'code = "border-control"\nminimum = 3'))
    staff = make_staff()

    with pytest.raises(DefinitionRefused, match="load the file with --by"):
        load_definition(more, now=NOW)
    load_definition(more, now=NOW, by=staff)

    assert Quota.objects.get(profile__code="border-control").minimum == 3
    event = HistoryEvent.objects.get()
    assert (event.actor, event.changes["minimum"]) == (staff, [2, 3])


def test_a_file_with_lower_quotas_accepts_complete_delegations_and_says_so(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW)
    Quota.objects.exclude(profile__code="border-control").update(minimum=0)
    RegistrationPolicy.objects.update(requires_letter=True)
    belize = Delegation.objects.get(body__iso_code="BZ")
    make_delegate(belize, "border-control")
    Delegation.objects.filter(pk=belize.pk).update(status="submitted")
    less = [(f'code = "{one}"\nminimum = 2', f'code = "{one}"\nminimum = {0 if one != "border-control" else 1}')
            for one in Quota.objects.values_list("profile__code", flat=True)]  # fmt: skip

    loaded = load_definition(edited(tmp_path, *less), now=NOW, by=make_staff())

    assert "Delegation of Belize: accepted, as it is complete now." in loaded.changes
    belize.refresh_from_db()
    assert (belize.status, belize.delegates.admitted().count()) == ("accepted", 1)
    assert HistoryEvent.objects.get(delegation=belize).completing_step == "Registration policy changed"


WAITS = ("accepts_complete_at_once = true", "accepts_complete_at_once = false")
LETTER = ("requires_letter = false", "requires_letter = true")


@pytest.fixture
def belize() -> Delegation:
    """A submitted delegation with one of the two people of each quota."""
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW)
    belize = Delegation.objects.get(body__iso_code="BZ")
    for code in profile_codes():
        make_delegate(belize, code)
    Delegation.objects.filter(pk=belize.pk).update(status="submitted")
    return belize


def profile_codes() -> list[str]:
    return list(Quota.objects.order_by("pk").values_list("profile__code", flat=True))


def quota_replacement(code: str, minimum: int) -> tuple[str, str]:
    return f'code = "{code}"\nminimum = 2', f'code = "{code}"\nminimum = {minimum}'


def quota_of_one(code: str) -> tuple[str, str]:
    return quota_replacement(code, 1)


def exception_for_belize(code: str) -> tuple[str, str]:
    return f'code = "{code}"\n', f'code = "{code}"\nexceptions = [{A_FEW}]\n'


@pytest.mark.parametrize("change", [quota_of_one, exception_for_belize])
def test_a_file_that_only_changes_quotas_or_exceptions_accepts_complete_delegations(
    tmp_path: Path, belize: Delegation, change: Callable[[str], tuple[str, str]]
) -> None:
    less = [change(code) for code in profile_codes()]

    loaded = load_definition(edited(tmp_path, *less), now=NOW, by=make_staff())

    assert "Delegation of Belize: accepted, as it is complete now." in loaded.changes
    assert "Registration: when it opens and closes." not in loaded.changes
    assert HistoryEvent.objects.get(kind="accepted").completing_step == "Quota changed"


@pytest.mark.parametrize("rule", [WAITS, LETTER])
@pytest.mark.parametrize("change", [quota_of_one, exception_for_belize])
def test_a_file_with_lower_quotas_accepts_by_the_policy_in_the_file(
    tmp_path: Path, belize: Delegation, change: Callable[[str], tuple[str, str]], rule: tuple[str, str]
) -> None:
    less = [change(code) for code in profile_codes()]

    loaded = load_definition(edited(tmp_path, *less, rule), now=NOW, by=make_staff())

    belize.refresh_from_db()
    assert (belize.status, belize.delegates.admitted().count()) == ("submitted", 0)
    assert not any("accepted" in change for change in loaded.changes)


def test_a_file_that_ends_exceptions_accepts_by_the_policy_in_the_file(tmp_path: Path, belize: Delegation) -> None:
    for quota in Quota.objects.all():
        QuotaException.objects.create(
            quota=quota, body=belize.body, minimum=2, reason="Large", made_by=make_staff(), made_at=NOW
        )
    Quota.objects.update(minimum=1)
    ended = [(before, f"{after}\nexceptions = []") for before, after in map(quota_of_one, profile_codes())]

    load_definition(edited(tmp_path, *ended, WAITS), now=NOW, by=make_staff())

    belize.refresh_from_db()
    assert (belize.status, QuotaException.objects.count()) == ("submitted", 0)


def test_a_file_that_lowers_one_quota_and_raises_another_accepts_nobody_between(
    tmp_path: Path, belize: Delegation
) -> None:
    first, *_, last = profile_codes()
    Quota.objects.exclude(profile__code=first).update(minimum=1)
    changed = [quota_replacement(code, 2 if code == last else 1) for code in profile_codes()]

    load_definition(edited(tmp_path, *changed), now=NOW, by=make_staff())

    belize.refresh_from_db()
    assert (belize.status, belize.delegates.admitted().count()) == ("submitted", 0)


A_FEW = '{ country = "BZ", minimum = 1, maximum = 3, reason = "One office" }'


def quotas_with_exceptions(folder: Path, listed: str) -> Path:
    return edited(folder, ('code = "border-control"\n', f'code = "border-control"\nexceptions = [{listed}]\n'))


def test_the_exceptions_of_a_profile_are_those_of_the_file_if_it_lists_any(tmp_path: Path) -> None:
    staff = make_staff()

    load_definition(quotas_with_exceptions(tmp_path, A_FEW), starts_on=date(2026, 12, 7), now=NOW, by=staff)
    made = list(QuotaException.objects.values_list("body__iso_code", "minimum", "maximum", "reason", "made_by"))
    again = load_definition(quotas_with_exceptions(tmp_path, A_FEW), now=NOW, by=staff)
    silent = load_definition(CONCEPT_NOTE, now=NOW, by=staff)
    kept = QuotaException.objects.count()
    ended = load_definition(quotas_with_exceptions(tmp_path, ""), now=NOW, by=staff)

    assert made == [("BZ", 1, 3, "One office", staff.pk)]
    assert (again.changes, silent.changes, kept) == ((), (), 1)
    assert ended.changes == ("Quota of Border control: the exception for Belize.",)
    assert not QuotaException.objects.exists()


def test_a_lower_maximum_is_loaded_together_with_the_exception_that_allows_it(tmp_path: Path) -> None:
    staff = make_staff()
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW, by=staff)
    for _ in range(3):
        make_delegate(Delegation.objects.get(body__iso_code="BZ"), "border-control")
    border = 'code = "border-control"\n'

    load_definition(edited(tmp_path, (border, f"{border}maximum = 2\nexceptions = [{A_FEW}]\n")), now=NOW, by=staff)
    asked = Quota.objects.get(profile__code="border-control").maximum
    excepted = QuotaException.objects.get().maximum
    with pytest.raises(DefinitionRefused, match="Belize has already named 3 people"):
        load_definition(edited(tmp_path, (border, f"{border}maximum = 2\nexceptions = []\n")), now=NOW, by=staff)
    load_definition(quotas_with_exceptions(tmp_path, ""), now=NOW, by=staff)

    assert (asked, excepted) == (2, 3)
    assert Quota.objects.get(profile__code="border-control").maximum is None
    assert not QuotaException.objects.exists()


def test_a_file_cannot_change_the_kind_of_a_body_that_takes_part(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, starts_on=date(2026, 12, 7), now=NOW, by=make_staff())
    ParticipatingBody.objects.filter(iso_code="BZ").update(kind="organisation")

    with pytest.raises(DefinitionRefused, match="The kind of a body with delegations or focal points cannot change"):
        load_definition(CONCEPT_NOTE, now=NOW)


@pytest.mark.parametrize(
    ("listed", "by", "message"),
    [
        (A_FEW, None, "load the file with --by"),
        (A_FEW.replace("BZ", "XX"), "staff", "No country “XX” is asked here."),
        (A_FEW.replace('"One office"', '""'), "staff", "“reason” is empty."),
        (
            A_FEW.replace("maximum = 3", "maximum = 0"),
            "staff",
            "The maximum cannot be below the minimum. Enter a higher one, or none.",
        ),
        (f"{A_FEW}, {A_FEW}", "staff", "An exception for “BZ” stands here twice."),
    ],
)
def test_an_invalid_exception_is_refused(tmp_path: Path, listed: str, by: str | None, message: str) -> None:
    with pytest.raises(DefinitionRefused, match=message):
        load_definition(
            quotas_with_exceptions(tmp_path, listed),
            starts_on=date(2026, 12, 7),
            now=NOW,
            by=make_staff() if by else None,
        )

    assert not Webinar.objects.exists()


BAD = {
    "an unknown key": (
        'tittle = "x"',
        ('code = "unodc"', 'code = "unodc"\ntittle = "x"'),
        "“tittle” is not known here. Allowed: code,",
    ),
    "items longer than their session": (
        "minutes = 120",
        ("minutes = 20", "minutes = 21"),
        "The items of session 1 last 121 minutes. Allowed: the session's 120 at most.",
    ),
    "a zone that does not exist": (
        "Costa_Rico",
        ('timezone = "America/Costa_Rica"', 'timezone = "America/Costa_Rico"'),
        "“America/Costa_Rico” is not a time zone. Allowed: a name of the IANA list such as America/Costa_Rica.",
    ),
    "a country's zone that does not exist": (
        '["Belize"]',
        ('["America/Belize"]', '["Belize"]'),
        "“Belize” is not a time zone.",
    ),
    "a date in quotes": (
        "16/11/2020",
        ("day = 2020-11-16", 'day = "16/11/2020"'),
        "Allowed: a date such as 2020-11-16",
    ),
    "a day that no calendar has": ("2020-11-31", ("day = 2020-11-16", "day = 2020-11-31"), "This is not valid TOML"),
    "an unknown kind": (
        "party",
        ('kind = "opening"', 'kind = "party"'),
        "“party” is not known. Allowed: opening, introduction,",
    ),
    "an unknown speaker": (
        "speakers = [{",
        ('{ code = "unodc"', '{ code = "nobody"'),
        "The speaker “nobody” is not known. Allowed: ",
    ),
    "no text in any language": (
        "title = {}",
        ('title = { en = "Opening remarks", es = "Palabras de apertura" }', "title = {}"),
        "A text",
    ),
    "a body without its code": ("[[body]]", ('iso_code = "HN"\n', ""), "“iso_code” is missing."),
    "an empty code of a country": ('iso_code = ""', ('iso_code = "HN"', 'iso_code = ""'), "“iso_code” is empty."),
    "an empty kind": ('kind = ""', ('kind = "opening"', 'kind = ""'), "“” is not known. Allowed: opening,"),
    "a maximum below the minimum": (
        "maximum = 1",
        ("minimum = 2", "minimum = 2\nmaximum = 1"),
        "The maximum cannot be below",
    ),
    "registration that closes before it opens": (
        "closes = ",
        ("days_before = 10", "days_before = 50"),
        "must close after it opens",
    ),
    "a reminder of zero": ("[[reminder]]", ("days = 7", "days = 0"), "from 5 minutes to 60 days"),
    "a reminder of ten years": ("[[reminder]]", ("days = 7", "days = 3650"), "from 5 minutes to 60 days"),
    "a reminder of no length": ("[[reminder]]", ("days = 7", ""), "needs “days”, “hours” or “minutes”"),
    "a reminder as a text": ('hours = "1"', ("hours = 1", 'hours = "1"'), "“hours” is '1'. Allowed: a whole number."),
    "a reminder at an unknown moment": (
        "during",
        ("days = 7", 'days = 7\nwhen = "during"'),
        "“during” is not known. Allowed: before, after.",
    ),
    "a reminder to nobody known": (
        "everyone",
        ("days = 7", 'days = 7\nto = "everyone"'),
        "“everyone” is not known. Allowed: all, accepted, unanswered, focal_points.",
    ),
    "a reminder twice": ("[[reminder]]", ("days = 7", "days = 1"), "A reminder stands in the file twice."),
    "a gap notice on the day of closing": (
        "gap_notices = [5, 0]",
        ("[5, 2]", "[5, 0]"),
        "“gap_notices” holds 0. Allowed: 1 to 60.",
    ),
    "a gap notice as a word": ('["x"]', ("[5, 2]", '["x"]'), "“gap_notices” holds 'x'. Allowed: 1 to 60."),
    "a gap notice as a flag": ("[true]", ("[5, 2]", "[true]"), "“gap_notices” holds True. Allowed: 1 to 60."),
    "a gap notice twice": ("[2, 2]", ("[5, 2]", "[2, 2]"), "A day stands in “gap_notices” twice."),
    "gap notices that are no list": (
        "gap_notices = 5",
        ("gap_notices = [5, 2]", "gap_notices = 5"),
        "Allowed: a list of whole numbers.",
    ),
    "a flag as a number": ("number = true", ("number = 1", "number = true"), "Allowed: a whole number."),
    "a line break in an unclosed text": (
        'code = "unodc',
        ('code = "unodc"', 'code = "unodc'),
        "This is not valid TOML",
    ),
}


@pytest.mark.parametrize(("on_line", "replacement", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_file_and_line_and_what_is_allowed(
    tmp_path: Path, on_line: str, replacement: tuple[str, str], message: str
) -> None:
    path = edited(tmp_path, replacement)

    with pytest.raises(DefinitionRefused) as refused:
        load_definition(path, now=NOW)

    (problem,) = refused.value.problems
    assert str(refused.value) == f"edited.toml, line {problem.line}: {problem.message}"
    assert message in problem.message
    assert on_line in path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert not any(model.objects.exists() for model in (Webinar, Speaker, AgendaItem, ParticipatingBody, Quota))


def test_all_errors_of_a_file_are_listed_together_by_line(tmp_path: Path) -> None:
    path = edited(tmp_path, ('agenda = "full"', 'agenda = "half"'), ("day = 2020-11-17", ""), ("days = 7", "days = 70"))

    with pytest.raises(CommandError) as refused:
        load(str(path))

    lines = str(refused.value).splitlines()
    assert [line.split(":")[0].split(",")[0] for line in lines[:-1]] == ["edited.toml"] * 3
    assert "Allowed: full, without_names, hidden." in lines[0]
    assert "“day” is missing." in lines[1]
    assert "from 5 minutes to 60 days" in lines[2]
    assert lines[-1] == "Nothing was changed."


def test_a_bad_change_of_a_loaded_webinar_leaves_it_as_it_was(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, now=NOW)
    before = agenda_from_rows(Webinar.objects.get())

    path = edited(tmp_path, ('"Opening remarks"', '"Welcome"'), ("minimum = 2", "minimum = 4"))
    with pytest.raises(DefinitionRefused):
        load_definition(path, now=NOW)

    assert agenda_from_rows(Webinar.objects.get()) == before


def test_a_missing_language_is_allowed_and_marked(tmp_path: Path) -> None:
    path = edited(
        tmp_path, ('title = { en = "Opening remarks", es = "Palabras de apertura" }', 'title.es = "Apertura"')
    )

    webinar = load_definition(path, now=NOW).webinar

    title = agenda_from_rows(webinar).sessions[0].entries[0].title
    assert (title.render("en").text, title.render("en").is_fallback) == ("Apertura", True)


def test_a_time_that_daylight_saving_skips_is_refused(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ('timezone = "America/Costa_Rica"', 'timezone = "America/New_York"'),
        ("day = 2020-11-16\nstart = 09:00:00", "day = 2020-03-08\nstart = 02:30:00"),
    )

    with pytest.raises(DefinitionRefused, match=r"2020-03-08 02:30, which clocks in America/New_York leave out"):
        load_definition(path, now=NOW)


def test_a_profile_given_only_by_its_code_must_exist() -> None:
    with pytest.raises(DefinitionRefused, match="this profile is not known yet"):
        load_definition(CONNECTION_TEST, now=NOW)

    assert not Webinar.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.toml",), "missing.toml cannot be read"),
        ((str(CONCEPT_NOTE), "--starts-on", "soon"), "this is no date. Allowed: 2026-12-07"),
        ((str(CONCEPT_NOTE), "--by", "nobody@example.org"), "nobody of the secretariat signs in"),
    ],
)
def test_a_bad_argument_is_refused_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        load(*arguments)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "soon"])
def test_a_start_outside_the_allowed_years_is_refused(day: str) -> None:
    with pytest.raises(CommandError, match=f"--starts-on {day}"):
        load(str(CONCEPT_NOTE), "--starts-on", day)

    assert not Webinar.objects.exists()


def test_the_concept_note_names_its_organisers_and_languages() -> None:
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar

    agenda = agenda_from_rows(webinar)

    assert [each.acronym for each in agenda.organisers] == [Bilingual("IOM", "OIM"), Bilingual("UNODC", "UNODC")]
    assert {(each.floor_languages, each.interpretation_languages) for each in agenda.sessions} == {(("es",), ("en",))}


def test_languages_organisers_and_short_texts_that_the_file_leaves_out_stay_as_stored(tmp_path: Path) -> None:
    text = CONCEPT_NOTE.read_text(encoding="utf-8")
    organisers = text[text.index("[[organiser]]") : text.index("# Who speaks")]
    languages = 'floor_languages = ["es"]\ninterpretation_languages = ["en"]\n'
    silent = edited(tmp_path, (organisers, ""), (languages, ""), (languages, ""))
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar
    Speaker.objects.update(about_en="Judge")
    before = agenda_from_rows(webinar)

    report = load_definition(silent, now=NOW)

    assert (report.changes, agenda_from_rows(webinar)) == ((), before)


def test_languages_organisers_and_short_texts_of_the_file_replace_the_stored_ones(tmp_path: Path) -> None:
    load_definition(CONCEPT_NOTE, now=NOW)
    changed = edited(
        tmp_path,
        ('floor_languages = ["es"]', "floor_languages = []"),
        ('interpretation_languages = ["en"]', 'interpretation_languages = ["fr", "en"]'),
        ('acronym = { en = "IOM", es = "OIM" }', ""),
        ('name = "Cy Winter"', 'name = "Cy Winter"\nabout = { en = "Works on migration." }'),
    )

    reports = [load_definition(changed, now=NOW), load_definition(changed, now=NOW)]

    assert [report.changes for report in reports] == [
        (
            "The organisers.",
            "Speaker Cy Winter.",
            "Session 1: Context and challenges of the massive movements of people called caravans.",
        ),
        (),
    ]
    session = Session.objects.get(number=1)
    assert (session.floor_languages, session.interpretation_languages) == ([], ["fr", "en"])
    assert list(WebinarOrganiser.objects.values_list("acronym_es", flat=True)) == ["", "UNODC"]
    assert Speaker.objects.get(code="cy-winter").about_en == "Works on migration."


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('floor_languages = ["es"]', 'floor_languages = ["es", "xx"]', r"“floor_languages” holds a value .*: es, en"),
        ('floor_languages = ["es"]', 'floor_languages = ["es", "es"]', "or one twice"),
        ('floor_languages = ["es"]', "floor_languages = [1]", "“floor_languages” holds a value"),
        ('floor_languages = ["es"]', 'floor_languages = "es"', "“floor_languages” is 'es'"),
        ('url = "https://www.iom.int"', 'url = "javascript:alert(1)"', "begins with https://"),
        ("United Nations Office on Drugs and Crime", "International Organization for Migration", "in the file twice"),
        ('name = "Cy Winter"', f'name = "Cy Winter"\nabout = {{ en = "{"x" * 601}" }}', "more than 600 characters"),
    ],
)
def test_impossible_languages_organisers_and_short_texts_are_refused(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    with pytest.raises(DefinitionRefused, match=why):
        load_definition(edited(tmp_path, (old, new)), now=NOW)

    assert not Webinar.objects.exists()


def test_a_short_title_is_replaced_only_if_the_file_has_one(tmp_path: Path) -> None:
    line = 'short_title = { en = "Massive intra-regional flows", es = "Flujos masivos intrarregionales" }\n'
    webinar = load_definition(CONCEPT_NOTE, now=NOW).webinar
    assert str(webinar.short_title) == "Massive intra-regional flows"
    Webinar.objects.update(short_title_en="Flows", lead_en="Two sessions.")

    load_definition(edited(tmp_path, (line, "")), now=NOW)
    webinar.refresh_from_db()
    assert (webinar.short_title_en, webinar.lead_en) == ("Flows", "Two sessions.")

    load_definition(CONCEPT_NOTE, now=NOW)
    webinar.refresh_from_db()
    assert (webinar.short_title_en, webinar.lead_en) == ("Massive intra-regional flows", "Two sessions.")
