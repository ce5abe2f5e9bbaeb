"""Every field and file that can hold personal data, and what becomes of it (design §8).

What ends is written over with what `REGISTRY` says, and nothing else: a field that is missing here fails a test. Rows
stay where figures count them: who a delegate was ends, that there was one of a profile, invited, admitted, with an
answer and an arrival, stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Model, Value
from django.db.models.functions import Cast, Concat

# RFC 2606 §2: no mail ever arrives there.
ANONYMISED_DOMAIN = "@anonymised.invalid"


@dataclass(frozen=True)
class OverwritePolicy:
    """Written over with `value`: a text, or an expression where each row needs one of its own."""

    value: Any = ""


@dataclass(frozen=True)
class CustomPolicy:
    """Ends in a way that one value cannot tell: `how`."""

    how: str


@dataclass(frozen=True)
class KeepPolicy:
    """Says nothing about a person whose data end, for the reason `why`; stays as it is."""

    why: str


RetentionPolicy = OverwritePolicy | CustomPolicy | KeepPolicy


def _numbered(before: str = "", after: str = "") -> OverwritePolicy:
    """A text of its own for each row, so that what is unique stays so."""
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
    "registrations.Waiver": {"reason": OverwritePolicy("–")},
    "registrations.QuotaException": {"reason": OverwritePolicy("–")},
    "registrations.HistoryEvent": {
        "reason": BLANK,
        "changes": CustomPolicy("the keys stay, the values of all that are not in IMPERSONAL_CHANGES are emptied"),
    },
    "registrations.CalendarEntry": {"address": ADDRESS},
    "registrations.Delivery": {
        "email": ADDRESS,
        # Only some kinds have an address in it; all of a webinar's get a new one, since all of them are done with.
        "key": CustomPolicy(
            "a key with an address in it is replaced; others keep the planner from owing the same again"
        ),
        "last_error": KeepPolicy("one of our own sentences, without an address"),
        "message_id": KeepPolicy("an HMAC from which nobody can tell an address"),
    },
    "registrations.LinkRequest": {
        "address": CustomPolicy("the row is deleted once the planner has looked at it, soon after")
    },
    "registrations.Announcement": {
        # Free text may name people; what was confirmed has one in both languages.
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
                for name in ("title", "objective", "methodology", "audience", "background")
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
        "room_url": KeepPolicy("an address of a room"),
        "backup_room_url": KeepPolicy("an address of a room"),
    },
    "sessions_app.AgendaItem": dict.fromkeys(("title_en", "title_es", "points_en", "points_es"), AGENDA),
    "sessions_app.Release": {"note": KeepPolicy("why an agenda was changed"), "agenda": AGENDA},
    "sessions_app.ReleasedSession": dict.fromkeys(("title_en", "title_es", "timezone", "digest"), AGENDA),
    "sessions_app.Speaker": dict.fromkeys(
        ("code", "name_en", "name_es", "position_en", "position_es", "institution_en", "institution_es"), AGENDA
    ),
}

# Of `HistoryEvent.changes`: whose seat somebody took is about two people.
NAMES_OF_OTHERS = frozenset({"replaces", "replaced_by"})
# Of the same: figures, choices and codes. The values of every other key end.
IMPERSONAL_CHANGES = frozenset(
    {"profile", "role", "status", "language", "is_working_group_member", "seats", "minimum", "maximum", "timezone"}
)


def anonymised_values(model: type[Model]) -> dict[str, Any]:
    """What the fields of a row of `model` are written over with, for `QuerySet.update`."""
    policies = REGISTRY[model._meta.label]
    return {name: policy.value for name, policy in policies.items() if isinstance(policy, OverwritePolicy)}
