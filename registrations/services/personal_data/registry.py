"""The retention policy of every field and file that can hold personal data (design §8). A missing field fails a test.

Fields are overwritten only as `REGISTRY` says. Rows stay if figures count them: the purge removes who a delegate was,
but not that a delegate of a profile was invited, admitted, answered and arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Model, Value
from django.db.models.functions import Cast, Concat

# A domain that never receives mail (RFC 2606 §2).
ANONYMISED_DOMAIN = "@anonymised.invalid"


@dataclass(frozen=True)
class OverwritePolicy:
    """The field is overwritten with `value`: a text, or an expression if each row needs its own value."""

    value: Any = ""


@dataclass(frozen=True)
class CustomPolicy:
    """The data end in a way that a single value cannot express, described by `how`."""

    how: str


@dataclass(frozen=True)
class KeepPolicy:
    """The field does not identify a person whose data end, for the reason `why`, and is not changed."""

    why: str


RetentionPolicy = OverwritePolicy | CustomPolicy | KeepPolicy


def _numbered(before: str = "", after: str = "") -> OverwritePolicy:
    """Return a policy with a different text for each row, so that unique fields stay unique."""
    return OverwritePolicy(Concat(Value(before), Cast("pk", CharField()), Value(after), output_field=CharField()))


NUMBER, ADDRESS, BLANK = _numbered("#"), _numbered(after=ANONYMISED_DOMAIN), OverwritePolicy()
ROW_DELETED = CustomPolicy("the row is deleted with the account")
AGENDA = KeepPolicy("the programme as the secretariat publishes and archives it, the names of its speakers included")
CODE = KeepPolicy("chosen by the secretariat for addresses of pages")
OF_A_BODY = KeepPolicy("about a country or an organisation")
ZONE = KeepPolicy("a zone of the country, which the figures name anyway")

REGISTRY: Mapping[str, Mapping[str, RetentionPolicy]] = {
    "registrations.Delegate": {
        "name": NUMBER,
        "email": ADDRESS,
        "institution": BLANK,
        "position": BLANK,
        "phone": BLANK,
        "needs": BLANK,
        "withdrawn_reason": BLANK,
        "timezone": ZONE,
    },
    "registrations.Delegation": {
        # Free text may name people.
        "gap_reason": BLANK,
        "decision_comment": BLANK,
        "not_attending_reason": BLANK,
        "slug": CODE,
    },
    "registrations.CallNote": {"text": CustomPolicy("the row is deleted: no figure counts it")},
    "registrations.Waiver": {"reason": OverwritePolicy("–")},
    "registrations.QuotaException": {"reason": OverwritePolicy("–")},
    "registrations.HistoryEvent": {
        "reason": BLANK,
        "changes": CustomPolicy(
            "values that are not of IMPERSONAL_CHANGES are emptied; keys stay, except those of IDENTIFYING_CHANGES"
        ),
    },
    "registrations.CalendarEntry": {"address": ADDRESS},
    "registrations.Delivery": {
        "email": ADDRESS,
        # Keys of some kinds contain an address. They are replaced for all deliveries of a purged webinar.
        "key": CustomPolicy(
            "a key with an address in it is replaced; others keep the planner from owing the same again"
        ),
        "last_error": KeepPolicy("one of our own sentences, without an address"),
        "message_id": KeepPolicy("an HMAC from which nobody can tell an address"),
    },
    "registrations.VerificationCode": {
        # Ids of people by profile, and figures.
        "facts": OverwritePolicy({}),
        "code": KeepPolicy("random, and opens a page without names"),
    },
    "registrations.Bounce": {"address": BLANK, "status_code": KeepPolicy("a code of RFC 3463")},
    "registrations.CalendarAnswer": {"comment": BLANK, "from_address": BLANK},
    "registrations.MailForAPerson": dict.fromkeys(
        ("sender_name", "sender_address", "subject", "excerpt"),
        CustomPolicy(
            "the row is deleted with the data of the webinar, 90 days after it was dealt with, or after a year"
        ),
    ),
    "registrations.IncomingMail": {
        "digest": KeepPolicy("a fingerprint, which tells only that a mail was read"),
        **dict.fromkeys(("mailbox", "uid", "uid_validity"), KeepPolicy("numbers of our own mailbox")),
    },
    "registrations.InboxState": {"failure": KeepPolicy("a code")},
    "registrations.LinkRequest": {
        "address": CustomPolicy("the row is deleted once the planner has looked at it, soon after")
    },
    "registrations.Announcement": {
        # Free text may name people. A constraint requires texts in both languages of confirmed announcements.
        **dict.fromkeys(("subject_en", "subject_es", "text_en", "text_es"), OverwritePolicy("–")),
        "audience": KeepPolicy("codes of countries, profiles, states and answers"),
    },
    "registrations.Attendance": {"key": NUMBER, "name": BLANK, "address": BLANK},
    "registrations.NominationLetter": {
        "file": CustomPolicy("deleted; the row keeps a path that no file ever has"),
        "name": BLANK,
        "digest": BLANK,
    },
    "registrations.User": {
        "name": NUMBER,
        "email": ADDRESS,
        "password": OverwritePolicy("!"),
        "timezone": OverwritePolicy(),
    },
    "registrations.ParticipatingBody": dict.fromkeys(
        ("iso_code", "slug", "name_en", "name_es", "timezones"), OF_A_BODY
    ),
    "registrations.ParticipantProfile": dict.fromkeys(
        ("code", "name_en", "name_es", "description_en", "description_es"), KeepPolicy("about a sort of officials")
    ),
    "registrations.ImportWord": {
        "word": KeepPolicy("what a country calls a sort of officials, a position or an institution")
    },
    "account.EmailAddress": {"email": ROW_DELETED},
    "account.EmailConfirmation": {"key": ROW_DELETED},
    "mfa.Authenticator": {"data": ROW_DELETED},
    "usersessions.UserSession": dict.fromkeys(
        ("ip", "session_key", "user_agent", "data"),
        CustomPolicy("the row is deleted with the account, and 30 days after it was last used"),
    ),
    "sessions.Session": dict.fromkeys(
        ("session_key", "session_data"), CustomPolicy("deleted once it has expired, after 12 hours at most")
    ),
    "admin.LogEntry": {
        "object_id": KeepPolicy("a number"),
        "object_repr": CustomPolicy("emptied where it is about an account or a focal point that ends"),
        "change_message": CustomPolicy("emptied where it is about an account or a focal point that ends"),
    },
    "sessions_app.Webinar": {
        **dict.fromkeys(
            (
                f"{name}_{language}"
                for name in ("title", "short_title", "lead", "objective", "methodology", "audience", "background")
                for language in ("en", "es")
            ),
            AGENDA,
        ),
        "slug": CODE,
        "timezone": AGENDA,
        "contact_email": KeepPolicy("the public address of the secretariat"),
    },
    "sessions_app.Session": {
        "title_en": AGENDA,
        "title_es": AGENDA,
        "floor_languages": AGENDA,
        "interpretation_languages": AGENDA,
        "room_url": KeepPolicy("an address of a room"),
        "backup_room_url": KeepPolicy("an address of a room"),
    },
    "sessions_app.AgendaItem": dict.fromkeys(("title_en", "title_es", "points_en", "points_es"), AGENDA),
    "sessions_app.Release": {"note": KeepPolicy("why an agenda was changed"), "agenda": AGENDA},
    "sessions_app.ReleasedSession": dict.fromkeys(("title_en", "title_es", "timezone", "digest"), AGENDA),
    "sessions_app.Speaker": {
        "code": AGENDA,
        **dict.fromkeys(
            (f"{name}_{code}" for name in ("name", "position", "institution", "about") for code in ("en", "es")), AGENDA
        ),
    },
    "sessions_app.WebinarOrganiser": dict.fromkeys(
        ("name_en", "name_es", "acronym_en", "acronym_es", "url"), KeepPolicy("about an organisation")
    ),
    "sessions_app.Presidency": dict.fromkeys(("country_en", "country_es"), OF_A_BODY),
}

# Keys of `HistoryEvent.changes` that name another person.
NAMES_OF_OTHERS = frozenset({"replaces", "replaced_by"})
# Keys of `HistoryEvent.changes` with figures, choices and codes. The values of all other keys are purged.
IMPERSONAL_CHANGES = frozenset(
    {
        "body",
        "profile",
        "role",
        "status",
        "language",
        "is_working_group_member",
        "seats",
        "minimum",
        "maximum",
        "timezone",
    }
)
# Keys of `HistoryEvent.changes` that are purged with their values: who headed a delegation may be publicly known.
IDENTIFYING_CHANGES = frozenset({"is_head_of_delegation"})


def anonymised_values(model: type[Model]) -> dict[str, Any]:
    """Return the values that the fields of a row of `model` are overwritten with, for `QuerySet.update`."""
    policies = REGISTRY[model._meta.label]
    return {name: policy.value for name, policy in policies.items() if isinstance(policy, OverwritePolicy)}
