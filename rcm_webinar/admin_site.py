"""The admin site, which people enter through allauth's sign-in."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Protocol, runtime_checkable

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from registrations.permissions import (
    APPS,
    is_observer,
    lacks_second_factor,
    may_observer_open,
    may_use_admin,
    redirect_to_second_factor,
)
from sessions_app.reader_zone import zone_for_reader
from sessions_app.time_zone_context import render_in_zone


@runtime_checkable
class RootPagesAdmin(Protocol):
    """An admin class with URLs directly below `/admin/` and a part of the dashboard (the admin's index)."""

    def root_urls(self) -> list[URLPattern]: ...

    def dashboard_context(self, request: HttpRequest) -> dict[str, object]: ...


class PageHead(Protocol):
    """What stands above some pages, and the time zone of all hours on such a page."""

    @property
    def zone(self) -> str: ...


@runtime_checkable
class PageHeadAdmin(Protocol):
    """The admin class that knows which pages have a head."""

    def head_of_page(self, request: HttpRequest) -> PageHead | None: ...


class SecretariatSite(AdminSite):
    """The admin of the secretariat and of observers: our own models only, behind allauth's sign-in."""

    site_header = gettext_lazy("RCM webinars: secretariat")
    site_title = gettext_lazy("RCM webinars")
    index_title = gettext_lazy("Secretariat")
    # The header links to the pages of every day, and tables need the width.
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register only models of our own apps: those of libraries hold secrets and sessions."""
        models: Iterable[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        own = [model for model in models if model._meta.app_label in APPS]
        super().register(own, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_use_admin(request.user) and not self._lacks_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send users who lack a second factor to set it up or pass it; ask all others without access to sign in."""
        if may_use_admin(request.user):
            if self._lacks_second_factor(request):
                return redirect_to_second_factor(
                    request, next_path=request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index"))
                )
            return redirect("admin:index")
        response: HttpResponse = _sign_in(super().login)(request, extra_context)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap `view`: hours are in the zone of the page's head, if it has one, else in that of the account.

        The top of the page names the zone (rule 13). Observers get 403 for all pages except those meant for them.
        """

        @wraps(view)
        def in_one_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_observer(request.user) and not may_observer_open(request):
                raise PermissionDenied
            head = self._head_of_page(request)
            request.page_head = head  # type: ignore[attr-defined]  # for `each_context`
            zone = head.zone if head else _zone_of_account(request)
            return render_in_zone(zone, view, request, *args, **kwargs)

        return super().admin_view(in_one_zone, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"page_head": getattr(request, "page_head", None)}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own = [url for model_admin in self._root_pages_admins() for url in model_admin.root_urls()]
        return [*own, *super().get_urls()]

    def index(  # type: ignore[override]  # observers are led on
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the dashboard; redirect observers to the quota boards."""
        if is_observer(request.user):
            return redirect("admin:quota-boards")
        context = dict(extra_context or {})
        for model_admin in self._root_pages_admins():
            context |= model_admin.dashboard_context(request)
        return super().index(request, context)

    def _head_of_page(self, request: HttpRequest) -> PageHead | None:
        knowing = (model_admin for model_admin in self._registered_admins() if isinstance(model_admin, PageHeadAdmin))
        return next((head for model_admin in knowing if (head := model_admin.head_of_page(request))), None)

    def _root_pages_admins(self) -> Iterator[RootPagesAdmin]:
        return (model_admin for model_admin in self._registered_admins() if isinstance(model_admin, RootPagesAdmin))

    def _registered_admins(self) -> Iterator[Any]:
        return (self.get_model_admin(model) for model in apps.get_models() if self.is_registered(model))

    def _lacks_second_factor(self, request: HttpRequest) -> bool:
        """Whether the user must still pass a second factor; computed once per request."""
        if not hasattr(request, "lacks_second_factor"):
            request.lacks_second_factor = lacks_second_factor(request)  # type: ignore[attr-defined]  # cached
        answer: bool = request.lacks_second_factor  # type: ignore[attr-defined]  # set above
        return answer


def _zone_of_account(request: HttpRequest) -> str:
    return zone_for_reader(request.user, timezone.get_default_timezone_name())


_sign_in: Callable[..., Callable[..., HttpResponse]] = secure_admin_login
