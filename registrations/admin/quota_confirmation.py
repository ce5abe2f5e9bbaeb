"""Two-step saving of quotas: a change that affects delegations is shown first and saved when it is confirmed."""

from collections.abc import Callable
from typing import Any

from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.queries.acceptance import Acceptances
from registrations.services.quotas import QuotaPreview


def save_if_confirmed(form: Any, preview: QuotaPreview, save: Callable[[set[str]], Acceptances]) -> Acceptances | None:
    """Call `save` if the form confirms all of `preview`; return its acceptances, or None where nothing was saved.

    `save` gets the words of the preview that the user saw (the form's `seen`). Where `preview` has other words, or
    `save` breaks a rule, the form is shown again with the words of `preview`: submitting it then confirms them.
    """
    seen = set(form.cleaned_data["seen"].split())
    if preview.confirmations <= seen:
        try:
            return save(seen)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
    update_hidden_values(form, seen=" ".join(sorted(preview.confirmations)))
    return None
