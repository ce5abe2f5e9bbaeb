"""Gunicorn's configuration: `gunicorn --config python:rcm_webinar.gunicorn rcm_webinar.wsgi`."""

import os
from typing import Any

from gunicorn.glogging import Logger


class RedactingLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's logger without request lines and headers, which may hold participants' tokens."""

    def exception(self, msg: object, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Error handling request"):
            self.error_log.error("A request could not be handled")
        else:
            super().exception(msg, *args, **kwargs)

    def warning(self, msg: object, *args: Any, **kwargs: Any) -> None:
        if str(msg).startswith("Invalid request"):
            self.error_log.warning("A request was not valid HTTP")
        else:
            super().warning(msg, *args, **kwargs)

    def debug(self, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log nothing: debug messages quote request lines too."""


bind = os.environ.get("GUNICORN_BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 5
logger_class = RedactingLogger
# `rcm_webinar.logs` logs requests by the names of their routes instead.
accesslog = None
control_socket_disable = True
