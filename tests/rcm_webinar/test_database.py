"""The connection to PostgreSQL works behind a connection pooler."""

import pytest
from django.db import connection

from registrations.models import User
from tests.factories import make_staff


@pytest.mark.postgresql
@pytest.mark.django_db
def test_reading_rows_in_chunks_needs_no_server_side_cursor() -> None:
    make_staff("a@example.org")
    make_staff("b@example.org")

    people = User.objects.iterator(chunk_size=1)
    next(people)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        [open_cursors] = cursor.fetchone()

    assert open_cursors == 0
    assert len(list(people)) == 1
