"""The journeys open every admin page of ours; this test compares the lists without a browser."""

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
# Buttons post to these URLs; a GET redirects to the page with the button or is refused.
SENT_ALONE = {
    "export-quota-board", "export-attendance", "save-attendance", "switch-room", "test-announcement",
    "test-gap-reminder", "send-again-to-delegate", "send-again-delivery", "stop-delivery", "export-personal-data",
    "erase-personal-data", "release-mail-delegation", "take-over-delegation", "end-look-again", "export-room-list",
    "confirm-answer", "dismiss-answer", "deal-with-mail",
}  # fmt: skip
# A mail, which is shown in a frame of another page.
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


def test_every_admin_page_of_ours_is_opened_in_a_browser() -> None:
    assert names_of_ours() - SENT_ALONE - FRAMES - looked_at() - set(ABOUT_A_MADE_ROW) == set()


def test_every_listed_page_still_exists() -> None:
    assert {*SENT_ALONE, *FRAMES, *ABOUT_A_MADE_ROW} <= names_of_ours()
