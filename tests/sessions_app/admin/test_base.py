"""The lists and forms of every admin class handle unusual query strings, and do not hide programming errors."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db import IntegrityError, OperationalError, models
from django.db.models.signals import pre_save
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from registrations.models import Delegate, Delivery, User
from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.models import Session
from tests.factories import make_delegate, make_delegation, make_staff, make_webinar
from tests.filled_form import filled_form
from tests.registered_models import registered_models

pytestmark = pytest.mark.django_db
MODELS = registered_models()
HUGE = "9" * 5_000
NOT_SHOWN = "The filters in this address cannot be used, so the whole list is shown. Please choose filters again."


def list_url(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def hostile_queries(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    yield from (
        {"unknown": "1"}, {"__exact": "1"}, {"pk__in": "a,b"}, {"e": "1", "unknown": "1"},
        {"q": "\x00"}, {"q": "a " * 2_000}, {"q": "%" * 5_000}, {"q": ["a", "b"]},
        {"p": HUGE}, {"p": "-1"}, {"p": "x"}, {"o": f"-{HUGE}"}, {"o": "1.x.-99"}, {"all": "\x00"}, {"_facets": "x"},
    )  # fmt: skip
    list_admin = admin.site.get_model_admin(model)
    for one in list_admin.list_filter:
        name = getattr(one, "parameter_name", one)
        for lookup in (name, f"{name}__exact", f"{name}__id__exact", f"{name}__isnull", f"{name}__in", f"{name}__year"):
            yield from ({lookup: value} for value in ("\x00", HUGE, "9" * 23, ["1", "x"]))
    if list_admin.date_hierarchy:
        name = list_admin.date_hierarchy
        years = ("0", "1", "9999", "10000", HUGE, "-5", "x", "\x00")
        yield from ({f"{name}__year": year} for year in years)
        yield {f"{name}__year": "2026", f"{name}__month": "2", f"{name}__day": "31"}
        yield from ({f"{name}__month": month} for month in ("0", "13", HUGE, "x"))
        yield {f"{name}__gte": "0001-01-01"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_query_string_of_a_list_causes_a_server_error(model: type[models.Model], client: Client) -> None:
    client.force_login(make_staff())
    make_delegate(make_delegation())
    url = list_url(model)
    queries = list(hostile_queries(model))

    whole = client.get(url, {"e": "1"})
    opened = [client.get(url, query) for query in queries]
    # A bulk action reads the same list.
    opened += [client.post(url, {"_selected_action": "1"}, query_params=query) for query in queries[::9]]

    wrong = [
        (str(query)[:120], answer.status_code)
        for query, answer in zip([*queries, *queries[::9]], opened, strict=True)
        if (answer.status_code != 200 or "admin/invalid_setup.html" in [part.name for part in answer.templates])
        and (answer.status_code != 302 or not answer.url.startswith(f"{url}?"))
    ]
    assert whole.status_code == 200
    assert wrong == []


@pytest.mark.parametrize(
    "query", [{"state__exact": "\x00"}, {"unknown": "1"}, {"q": "a" * 201}, {"e": "1", "unknown": "1"}]
)
def test_invalid_filters_show_the_whole_list_with_a_warning(secretariat: Client, query: dict[str, str]) -> None:
    answer = secretariat.get(list_url(Delivery), query, follow=True)

    assert answer.redirect_chain[-1] == (f"{list_url(Delivery)}?e=1", 302)
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [NOT_SHOWN]


@pytest.mark.parametrize("query", [{"webinar": "\x00"}, {"status__exact": "\x00"}, {"q": "a " * 2_000}, {"p": HUGE}])
def test_the_export_with_invalid_filters_redirects_to_the_whole_list(
    secretariat: Client, query: dict[str, str]
) -> None:
    answer = secretariat.get(reverse("admin:export-delegates"), query, follow=True)

    if answer.redirect_chain:
        assert answer.redirect_chain[-1][0] == f"{list_url(Delegate)}?e=1"
    assert answer.status_code == 200


@pytest.mark.parametrize("fault", [TypeError, ValueError, IndexError, OverflowError, OperationalError])
def test_a_programming_error_within_a_list_is_not_hidden(rf: Any, staff: User, fault: type[Exception]) -> None:
    class Faulty(ReadOnlyAdmin[Session]):
        def get_queryset(self, request: HttpRequest) -> Any:
            raise fault("a fault of the program")

    request = rf.get("/", {"q": "Ana"})
    request.user = staff

    with pytest.raises(fault, match="a fault of the program"):
        Faulty(Session, admin.site).changelist_view(request)


@pytest.mark.parametrize(("fault", "runs"), [(IntegrityError, 2), (OperationalError, 1), (Delegate.DoesNotExist, 1)])
def test_a_form_is_validated_again_only_after_a_concurrent_save(
    secretariat: Client, fault: type[Exception], runs: int
) -> None:
    session = make_webinar(sessions=1).sessions.get()
    url = reverse("admin:sessions_app_session_change", args=[session.pk])
    typed = filled_form(secretariat.get(url).content.decode()) | {"title_en": "Corrected"}
    begun: list[object] = []

    def refuse(instance: object, **_signal: object) -> None:
        begun.append(instance)
        raise fault("refused")

    pre_save.connect(refuse, sender=Session)
    try:
        with pytest.raises(fault, match="refused"):
            secretariat.post(url, typed)
    finally:
        pre_save.disconnect(refuse, sender=Session)

    assert len(begun) == runs
