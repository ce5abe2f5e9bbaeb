"""The Celery application; its settings are Django's, prefixed `CELERY_`."""

import os
import signal

from celery import Celery
from celery.signals import worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rcm_webinar.settings")

app = Celery("rcm_webinar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@worker_process_init.connect
def ignore_sigterm(**_: object) -> None:
    """Ignore SIGTERM in the pool's processes; the worker's main process ends them after their present task.

    A service manager that signals all processes of a service at once (systemd's default) would otherwise end one in
    the middle of a message.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
