from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from time_machine import TimeMachineFixture

from sessions_app.models import Webinar
from tests.factories import NOW, make_webinar

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_weeks_before(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=True)


def clone(*arguments: str) -> str:
    out = StringIO()
    call_command("clone_webinar", *arguments, stdout=out)
    return out.getvalue()


TITLES = ("--title-en", "Next", "--title-es", "Próximo")


def test_the_command_prepares_the_next_webinar_with_its_titles() -> None:
    make_webinar()

    said = clone("flows", "next", "--starts-on", "2027-05-03", *TITLES)

    copy = Webinar.objects.get(slug="next")
    assert said == "next is prepared. Registration has no opening date yet; nothing is public.\n"
    assert (copy.title_en, copy.title_es) == ("Next", "Próximo")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("unknown", "next", "--starts-on", "2027-05-03"), "There is no webinar “unknown”. Known: flows."),
        (("flows", "flows", "--starts-on", "2027-05-03", *TITLES), "slug: .*already exists"),
        (("flows", "next", "--starts-on", "soon"), "this is no date"),
        (("flows", "next", "--starts-on", "2027-05-03"), "title_en: The earlier webinar has this title too"),
        (("flows", "next", "--starts-on", "2027-05-03", *TITLES[:2]), "title_es: The earlier webinar has this title"),
        (("flows", "next", "--starts-on", "2026-10-01"), "starts_on: .*still to come"),
        (("flows", "next", "--starts-on", "2026-11-16"), "takes place at the same time"),
    ],
)
def test_a_refused_clone_prints_one_line_and_creates_nothing(arguments: tuple[str, ...], why: str) -> None:
    make_webinar()

    with pytest.raises(CommandError, match=why):
        clone(*arguments)

    assert Webinar.objects.count() == 1
