from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from sessions_app.models import AgendaItem, Release, ReleasedSession
from tests.factories import make_staff, make_user, make_webinar

pytestmark = pytest.mark.django_db


def release(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("release_webinar", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_releases_and_warns_of_minutes_that_no_item_fills() -> None:
    webinar = make_webinar(sessions=1)
    AgendaItem.objects.filter(session__webinar=webinar, position=2).update(minutes=90)

    said, warned = release("flows", "--note", "First agenda")

    assert said == "Release 1 of flows is public.\n"
    assert warned == "Session 1: 10 minutes are not filled by any item.\n"
    assert Release.objects.get().note == "First agenda"


def test_updates_are_mailed_for_the_sessions_that_the_command_names() -> None:
    make_webinar(sessions=2)
    release("flows")

    AgendaItem.objects.update(title_en="Changed")
    release("flows", "--mail-updates-for", "2")

    assert dict(ReleasedSession.objects.values_list("number", "sequence")) == {1: 0, 2: 1}


def test_the_command_reports_a_refused_release_and_an_unknown_webinar() -> None:
    make_webinar()
    release("flows")

    with pytest.raises(CommandError, match="Nothing has changed since the last release"):
        release("flows")
    with pytest.raises(CommandError, match=r"There is no webinar “floods”\. Known: flows"):
        release("floods")


def test_the_command_stores_who_released() -> None:
    make_webinar()
    staff = make_staff("secretariat@example.org")
    make_user("focal@example.org")

    release("flows", "--by", "Secretariat@example.org")

    assert Release.objects.get().released_by == staff
    with pytest.raises(CommandError, match="nobody of the secretariat"):
        release("flows", "--by", "focal@example.org")
