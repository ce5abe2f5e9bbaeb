import uuid
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.addresses import validate_web_address
from sessions_app.bilingual import Bilingual
from sessions_app.models.language import spoken_languages_field
from sessions_app.models.webinar import Webinar
from sessions_app.zones import validate_year

LONGEST_SESSION_MINUTES = 12 * 60


class Session(models.Model):
    """One row is a session on one day. Its number is given at creation and never reused or reordered."""

    webinar = models.ForeignKey(Webinar, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("webinar"))
    number = models.PositiveSmallIntegerField(_("number"), validators=[MinValueValidator(1)])
    title_en = models.CharField(_("title (English)"), max_length=250)
    title_es = models.CharField(_("title (Spanish)"), max_length=250, blank=True)
    starts_at = models.DateTimeField(_("starts at"), validators=[validate_year])
    duration_minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(5), MaxValueValidator(LONGEST_SESSION_MINUTES)]
    )
    floor_languages = spoken_languages_field(_("languages of the floor"))
    interpretation_languages = spoken_languages_field(_("interpretation into"))
    ical_uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Anyone may import the public file, so its UIDs must not reveal those of the invitations.
    public_ical_uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    room_url = models.URLField(_("address of the room"), max_length=500, blank=True, validators=[validate_web_address])
    backup_room_url = models.URLField(
        _("address of the second room"), max_length=500, blank=True, validators=[validate_web_address]
    )
    uses_backup_room = models.BooleanField(_("use the second room"), default=False)
    room_opens_minutes = models.PositiveSmallIntegerField(
        _("room opens, minutes before"), default=15, validators=[MaxValueValidator(24 * 60)]
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["webinar", "number"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "number"], name="session_number_once_per_webinar"),
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gte=5, duration_minutes__lte=LONGEST_SESSION_MINUTES),
                name="session_lasts_5_minutes_to_12_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(uses_backup_room=False) | ~models.Q(backup_room_url=""),
                name="session_uses_no_second_room_without_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def title(self) -> Bilingual:
        return Bilingual.from_columns(self, "title")

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_minutes)

    @property
    def current_room_url(self) -> str:
        """The address of the room that is in use; empty while the secretariat has entered none."""
        return self.backup_room_url if self.uses_backup_room else self.room_url


class AgendaItemKind(models.TextChoices):
    OPENING = "opening", _("Opening remarks")
    INTRODUCTION = "introduction", _("Introduction")
    PANEL = "panel", _("Panel")
    PRESENTATION = "presentation", _("Presentation")
    QUESTIONS = "questions", _("Questions and answers")
    DIALOGUE = "dialogue", _("Guided dialogue")
    BREAK = "break", _("Break")


class AgendaItem(models.Model):
    """One row is an agenda item of a session; its hour follows from the start and the items before it (rule 10)."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="items", verbose_name=_("session"))
    position = models.PositiveSmallIntegerField(_("order"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SESSION_MINUTES)]
    )
    kind = models.CharField(_("kind"), max_length=20, choices=AgendaItemKind)
    title_en = models.CharField(_("title (English)"), max_length=250)
    title_es = models.CharField(_("title (Spanish)"), max_length=250, blank=True)
    points_en = models.TextField(_("points (English), one per line"), blank=True)
    points_es = models.TextField(_("points (Spanish), one per line"), blank=True)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["session", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="agenda_item_position_once_per_session"),
            models.CheckConstraint(condition=models.Q(minutes__gte=1), name="agenda_item_lasts_a_minute"),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def title(self) -> Bilingual:
        return Bilingual.from_columns(self, "title")
