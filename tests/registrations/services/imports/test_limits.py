from datetime import timedelta

import pytest
from django.core.cache import cache

from registrations.exceptions import NotPossibleNow
from registrations.services.imports.limits import IMPORTS_PER_MINUTE, limit_imports
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_runs() -> None:
    cache.clear()


def test_concurrent_imports_are_refused_per_account(now) -> None:
    user, colleague = make_user(), make_user()

    with limit_imports(user, now=now):
        with limit_imports(colleague, now=now):
            pass
        with pytest.raises(NotPossibleNow, match="still running"), limit_imports(user, now=now):
            pass

    with limit_imports(user, now=now):
        pass


def test_a_failed_import_releases_the_lock_of_the_account(now) -> None:
    user = make_user()
    with pytest.raises(ZeroDivisionError), limit_imports(user, now=now):
        raise ZeroDivisionError

    for _time in range(IMPORTS_PER_MINUTE - 1):
        with limit_imports(user, now=now):
            pass
    for _time in range(2):
        with pytest.raises(NotPossibleNow, match="within a minute"), limit_imports(user, now=now):
            pass

    with limit_imports(user, now=now + timedelta(minutes=1)):
        pass
