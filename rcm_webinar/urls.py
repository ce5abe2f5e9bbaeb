"""The URL patterns of the project; each app has its own list."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from rcm_webinar import health
from rcm_webinar.accounts import not_found
from rcm_webinar.security_txt import security_txt

handler400 = "rcm_webinar.hosts.handle_bad_request"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    path("i18n/", include("django.conf.urls.i18n")),
    # Administrators decide who signs in with which address, so allauth's own pages for that answer 404.
    path("accounts/email/", not_found, name="account_email"),
    path("accounts/confirm-email/", not_found, name="account_email_verification_sent"),
    path("accounts/confirm-email/<str:key>/", not_found, name="account_confirm_email"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("sessions_app.urls.files")),
    path("", include("registrations.urls.files")),
    *i18n_patterns(
        path("", include("sessions_app.urls.pages")),
        path("", include("registrations.urls.pages")),
    ),
]

if settings.RCM_DEMO:
    urlpatterns.append(path("demo/", include("rcm_webinar.demo.urls")))
