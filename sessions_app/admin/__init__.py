"""The secretariat's rooms for the agenda: what is edited here stays private until it is released."""

from sessions_app.admin import agenda, releases, webinars

__all__ = ["agenda", "releases", "webinars"]
