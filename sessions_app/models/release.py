from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from sessions_app.bilingual import Bilingual
from sessions_app.models.session import Session
from sessions_app.models.webinar import Webinar


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Query set with the filter for the releases in force."""

    def latest_of_each(self) -> "ReleaseQuerySet":
        """The latest release of each webinar that has one."""
        newer = Release.objects.filter(webinar=models.OuterRef("webinar"), number__gt=models.OuterRef("number"))
        return self.filter(~models.Exists(newer)).select_related("webinar")

    def with_hours(self) -> "models.QuerySet[Any, Any]":
        """Annotate with the webinar's `starts_at` and `ends_at`; cancelled sessions count only if all are cancelled."""
        released = "webinar__sessions__released"
        takes_place = models.Q(**{f"{released}__is_cancelled": False})
        starts, ends = f"{released}__starts_at", f"{released}__ends_at"
        return self.annotate(
            starts_at=Coalesce(models.Min(starts, filter=takes_place), models.Min(starts)),
            ends_at=Coalesce(models.Max(ends, filter=takes_place), models.Max(ends)),
        )


class Release(models.Model):
    """One row is a numbered, immutable snapshot of a webinar's agenda; the public and participants see the latest."""

    webinar = models.ForeignKey(Webinar, on_delete=models.PROTECT, related_name="releases", verbose_name=_("webinar"))
    number = models.PositiveIntegerField(_("number"))
    released_at = models.DateTimeField(_("released at"))
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    # Written by `Agenda.to_json()`; read it with `agenda_from_release()`.
    agenda: "models.JSONField[Any, Any]" = models.JSONField(_("agenda"))

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["webinar", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "number"], name="release_number_once_per_webinar"),
        ]

    def __str__(self) -> str:
        return _("Release %(number)s") % {"number": self.number}


def is_ahead(now: datetime, *, path: str = "") -> models.Q:
    """Return the condition that a released session is neither cancelled nor over.

    `path` leads to it from the model that is filtered, such as "session__released__".
    """
    return models.Q(**{f"{path}is_cancelled": False, f"{path}ends_at__gt": now})


class ReleasedSessionQuerySet(models.QuerySet["ReleasedSession"]):
    """Query set with the filter for the sessions ahead."""

    def ahead(self, now: datetime) -> "ReleasedSessionQuerySet":
        """Sessions that are neither cancelled nor over at `now`."""
        return self.filter(is_ahead(now))


class ReleasedSession(models.Model):
    """One row is a session as the latest release has it. Calendars, reminders and feeds read only these rows."""

    session = models.OneToOneField(
        Session, on_delete=models.PROTECT, primary_key=True, related_name="released", verbose_name=_("session")
    )
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="released_sessions", verbose_name=_("release")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    title_en = models.CharField(_("title (English)"), max_length=250)
    title_es = models.CharField(_("title (Spanish)"), max_length=250, blank=True)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    timezone = models.CharField(_("time zone"), max_length=50)
    # Rises only with a release that mails a change of this session.
    sequence = models.PositiveIntegerField(_("revision"), default=0)
    is_cancelled = models.BooleanField(_("cancelled"), default=False)
    digest = models.CharField(_("fingerprint"), max_length=64)
    changed_at = models.DateTimeField(_("changed at"))

    objects = ReleasedSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("released session")
        verbose_name_plural = _("released sessions")
        ordering = ["session__webinar", "starts_at", "number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="released_session_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def title(self) -> Bilingual:
        return Bilingual.from_columns(self, "title")
