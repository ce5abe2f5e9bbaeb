import pytest
from django.db import OperationalError, transaction

from registrations.services.transactions import atomic_with_retry


class Deadlock(Exception):
    pgcode = "40P01"


class DiskFull(Exception):
    pgcode = "53100"


def failing(times: int, cause: Exception):
    """A decision that fails in the database so many times, and the list of its attempts."""
    attempts = []

    @atomic_with_retry
    def decide():
        attempts.append(1)
        if len(attempts) <= times:
            raise OperationalError from cause
        return "done"

    return decide, attempts


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_tried_again_once():
    decide, attempts = failing(1, Deadlock())

    assert decide() == "done"
    assert len(attempts) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("cause", "tried"), [(Deadlock(), 2), (DiskFull(), 1)])
def test_a_second_deadlock_and_any_other_failure_are_raised(cause, tried):
    decide, attempts = failing(2, cause)

    with pytest.raises(OperationalError):
        decide()
    assert len(attempts) == tried


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_of_the_caller_nothing_is_tried_again():
    decide, attempts = failing(1, Deadlock())

    with pytest.raises(OperationalError), transaction.atomic():
        decide()
    assert len(attempts) == 1
