"""What a connection pooler asks of the connection to PostgreSQL."""

import pytest
from django.db import connection

from registrations.models import User
from tests.factories import make_staff


@pytest.mark.postgresql
@pytest.mark.django_db
def test_rows_read_in_parts_need_no_cursor_of_the_server() -> None:
    make_staff("a@example.org")
    make_staff("b@example.org")

    people = User.objects.iterator(chunk_size=1)
    next(people)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        [open_cursors] = cursor.fetchone()

    assert open_cursors == 0
    assert len(list(people)) == 1
