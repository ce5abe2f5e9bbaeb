"""Django's project package: settings, URLs, Celery, sign-in, health checks and the demo."""

from rcm_webinar.celery import app as celery_app

__all__ = ["celery_app"]
