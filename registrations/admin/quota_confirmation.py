"""Two-step saving of quotas: a change that affects delegations is shown first and saved when it is confirmed."""

from collections.abc import Callable
from typing import Any

from registrations.exceptions import RuleBroken
from registrations.forms.errors import add_broken_rule, update_hidden_values
from registrations.queries.acceptance import Acceptances
from registrations.services.quotas import QuotaPreview


def save_if_confirmed(form: Any, preview: QuotaPreview, save: Callable[[set[str]], Acceptances]) -> Acceptances | None:
    """Call `save` if the form confirms all of `preview`; return its acceptances, or None where nothing was saved.

    `save` gets the marks that the form confirms (its hidden field `seen`). Where `preview` has others, or `save` breaks
    a rule, the form is shown again with the marks of `preview`: submitting it then confirms them.
    """
    confirmed = set(form.cleaned_data["seen"].split())
    if preview.confirmations <= confirmed:
        try:
            return save(confirmed)
        except RuleBroken as broken:
            add_broken_rule(form, broken)
    update_hidden_values(form, seen=" ".join(sorted(preview.confirmations)))
    return None
