"""How the parts are switched on."""

from rcm_webinar.celery import app as celery_app

__all__ = ["celery_app"]
