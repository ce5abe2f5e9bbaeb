"""No page of ours in the admin is left unlooked at by the journeys; this is counted without a browser."""

import re
from collections.abc import Iterator

from django.contrib import admin
from django.urls import URLPattern, URLResolver, resolve

from tests.journeys.views import ABOUT_A_MADE_ROW, VIEWS
from tests.registered_models import registered_models

OF_DJANGO = {
    "login", "logout", "password_change", "password_change_done", "auth_user_password_change",
    "autocomplete", "jsi18n", "view_on_site", "app_list",
}  # fmt: skip
# Sent by a button of a page; opened by itself, each leads to that page or is refused.
SENT_ALONE = {
    "export-quota-board", "export-attendance", "save-attendance", "switch-room", "test-announcement",
    "test-gap-reminder", "send-again-to-delegate", "send-again-delivery", "stop-delivery", "export-personal-data",
    "erase-personal-data", "release-mail-delegation",
}  # fmt: skip
# A mail as it is sent, in a frame of a page.
FRAMES = {"announcement-mail", "gap-reminder-mail"}
STOCK = ("changelist", "add", "change", "delete", "history")


def names_in(patterns: "list[URLPattern | URLResolver]") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_in(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def names_of_ours() -> set[str]:
    stock = {
        f"{model._meta.app_label}_{model._meta.model_name}_{page}" for model in registered_models() for page in STOCK
    }
    return set(names_in(admin.site.get_urls())) - stock - OF_DJANGO


def looked_at() -> set[str]:
    paths = [re.sub(r"{\w+}", "1", view.path).partition("?")[0] for view in VIEWS if view.path.startswith("/admin/")]
    return {resolve(path).url_name or "" for path in paths}


def test_every_page_of_ours_in_the_admin_is_looked_at_in_a_browser() -> None:
    assert names_of_ours() - SENT_ALONE - FRAMES - looked_at() - set(ABOUT_A_MADE_ROW) == set()


def test_nothing_is_listed_that_is_no_page_any_more() -> None:
    assert {*SENT_ALONE, *FRAMES, *ABOUT_A_MADE_ROW} <= names_of_ours()
