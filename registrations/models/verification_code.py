import secrets
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models.history import HistoryEvent

# Without letters and digits that look alike. Each of the 32 is worth 5 bits, so a code has 80 random bits.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH, GROUP = 16, 4


def read_code(written: str) -> str:
    """Return the code in `written`, whatever its case and its hyphens; an empty text if it cannot be one."""
    code = written.replace("-", "").upper()
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def new_code() -> str:
    """Return a random code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))


class VerificationCode(models.Model):
    """The code on a document about `event`, by which whoever holds the document can check it.

    `facts` is what the document states, so that it does not change when the delegation does. It names people by their
    id only; the shape is that of `queries.receipts.facts_of`. The purge empties it.
    """

    code = models.CharField(_("code"), max_length=32, unique=True, default=new_code, editable=False)
    event = models.OneToOneField(
        HistoryEvent, on_delete=models.PROTECT, related_name="verification_code", verbose_name=_("event")
    )
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("verification code")
        verbose_name_plural = _("verification codes")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~models.Q(code=""), name="verification_code_is_not_empty")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def written(self) -> str:
        """The code in groups of four, as it is printed: "ABCD-EFGH-JKLM-NPQR"."""
        return "-".join(self.code[start : start + GROUP] for start in range(0, len(self.code), GROUP))
