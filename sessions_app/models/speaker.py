from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.bilingual import Bilingual
from sessions_app.invisible import validate_visible
from sessions_app.models.session import AgendaItem
from sessions_app.models.webinar import Webinar

LONGEST_ABOUT = 600


class SpeakerKind(models.TextChoices):
    PERSON = "person", _("Person")
    INSTITUTION = "institution", _("Institution")


class Speaker(models.Model):
    """One row is a person or an institution that speaks at one webinar."""

    webinar = models.ForeignKey(Webinar, on_delete=models.CASCADE, related_name="speakers", verbose_name=_("webinar"))
    code = models.SlugField(_("code"), max_length=60)
    kind = models.CharField(_("kind"), max_length=20, choices=SpeakerKind, default=SpeakerKind.PERSON)
    # An institution's name is translated; a person's is the same in both languages, and only `name_en` is filled.
    name_en = models.CharField(_("name (English)"), max_length=200, validators=[validate_visible])
    name_es = models.CharField(_("name (Spanish)"), max_length=200, blank=True, validators=[validate_visible])
    position_en = models.CharField(_("position (English)"), max_length=200, blank=True)
    position_es = models.CharField(_("position (Spanish)"), max_length=200, blank=True)
    institution_en = models.CharField(_("institution (English)"), max_length=200, blank=True)
    institution_es = models.CharField(_("institution (Spanish)"), max_length=200, blank=True)
    # A plain text of a few sentences, which the public reads.
    about_en = models.TextField(
        _("about the speaker (English)"), max_length=LONGEST_ABOUT, blank=True, default="", db_default=""
    )
    about_es = models.TextField(
        _("about the speaker (Spanish)"), max_length=LONGEST_ABOUT, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("speaker")
        verbose_name_plural = _("speakers")
        ordering = ["webinar", "code"]
        constraints = [
            models.UniqueConstraint(fields=["webinar", "code"], name="speaker_code_once_per_webinar"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Bilingual:
        if self.kind == SpeakerKind.PERSON and not self.name_es:
            return Bilingual(en=self.name_en, es=self.name_en)
        return Bilingual.from_columns(self, "name")

    @property
    def about(self) -> Bilingual:
        return Bilingual.from_columns(self, "about")


class SpeakerRole(models.TextChoices):
    MODERATOR = "moderator", _("Moderator")
    PANELIST = "panelist", _("Panelist")
    PRESENTER = "presenter", _("Presenter")


class AgendaItemSpeaker(models.Model):
    """One row is the role of a speaker in one agenda item."""

    item = models.ForeignKey(
        AgendaItem, on_delete=models.CASCADE, related_name="item_speakers", verbose_name=_("agenda item")
    )
    speaker = models.ForeignKey(
        Speaker, on_delete=models.PROTECT, related_name="item_speakers", verbose_name=_("speaker")
    )
    role = models.CharField(_("role"), max_length=20, choices=SpeakerRole)
    position = models.PositiveSmallIntegerField(_("order"), default=1)

    class Meta:
        verbose_name = _("speaker of an agenda item")
        verbose_name_plural = _("speakers of agenda items")
        ordering = ["item", "position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "speaker", "role"], name="speaker_once_per_item_and_role"),
        ]

    def __str__(self) -> str:
        return f"{self.speaker}, {self.get_role_display()}"
