"""Two people edit one agenda at the same moment; on PostgreSQL with real locks."""

from functools import partial

import pytest
from django.test import Client

from registrations.services.agenda_table import TableItem, TableSpeaker, add_items
from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, Session, Speaker
from tests.factories import make_staff, make_webinar
from tests.filled_form import filled_form
from tests.races import kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
BREAK = TableItem(1, "10", Bilingual(en="Break"), "break", (TableSpeaker("presenter", "Ana", ""),), minutes=10)


def clear() -> None:
    AgendaItem.objects.filter(title_en="Break").delete()
    Speaker.objects.all().delete()


def test_of_one_table_that_is_made_twice_at_once_the_items_are_added_once() -> None:
    session = make_webinar(sessions=1).sessions.get()
    seen = list(session.items.order_by("position").values_list("pk", flat=True))
    with two_writers() as race:
        for _round in range(ROUNDS):
            make = partial(add_items, Session.objects.select_related("webinar").get(), [BREAK], seen=seen)

            assert kinds_of(race(make, make)) == ["NotPossibleNow", "done"]
            assert [model.objects.count() for model in (AgendaItem, Speaker)] == [3, 1]
            clear()


def test_of_one_new_item_that_is_sent_twice_at_once_one_is_added_with_one_speaker() -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = f"/admin/webinars/flows/agenda/?end={session.pk}"
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(make_staff())
    typed = filled_form(clients[0].get(url).text) | {"item-title_en": "Break", "item-kind": "break"}
    typed |= {"speaker-new1-name_en": "Ana"}
    with two_writers() as race:
        for _round in range(ROUNDS):
            answers = race(*(partial(client.post, url, typed) for client in clients))

            assert sorted(answer.status_code for answer in answers) == [200, 302]
            assert [model.objects.count() for model in (AgendaItem, Speaker)] == [3, 1]
            clear()
