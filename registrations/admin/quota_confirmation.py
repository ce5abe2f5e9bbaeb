"""Other numbers are asked at once where they change no delegation, else after a look at what they do."""

from collections.abc import Callable
from typing import Any

from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule, send_again_with
from registrations.queries.acceptance import Acceptances
from registrations.services.quotas import QuotaPreview


def saved(form: Any, preview: QuotaPreview, save: Callable[[set[str]], Acceptances]) -> Acceptances | None:
    """What `save`, which is given what was seen, accepted; None where it did not go through.

    It is tried where all that `preview` shows was seen, by the words that `form` carries; else, and where a rule is
    broken, the form goes out again with the words of this `preview`, and sending it once more confirms.
    """
    seen = set(form.cleaned_data["seen"].split())
    if preview.confirmations <= seen:
        try:
            return save(seen)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
    send_again_with(form, seen=" ".join(sorted(preview.confirmations)))
    return None
