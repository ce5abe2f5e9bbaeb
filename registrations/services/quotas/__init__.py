"""Quota limits: how many people of each profile a webinar asks for (rules 1 to 3).

They change under the same locks as the people they count (rule 9). That no person exceeds a maximum is checked where
people are written, by `LockedDelegation.check_maximum` in `services/quota_locks.py`; the figures come from
`queries/seats.py`.
"""

from registrations.services.quotas.changing import change_quota
from registrations.services.quotas.country_exceptions import end_exception, make_exception
from registrations.services.quotas.limits import MAX_SEATS
from registrations.services.quotas.previews import (
    QuotaPreview,
    acceptances_with_limits,
    exception_confirmations,
    exception_preview,
    quota_change_preview,
)
from registrations.services.quotas.table import QuotaChange, change_quotas, format_limits

__all__ = [
    "MAX_SEATS",
    "QuotaChange",
    "QuotaPreview",
    "acceptances_with_limits",
    "change_quota",
    "change_quotas",
    "end_exception",
    "exception_confirmations",
    "exception_preview",
    "format_limits",
    "make_exception",
    "quota_change_preview",
]
