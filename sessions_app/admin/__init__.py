"""The secretariat's admin pages of the agenda; an edit stays private until it is released."""

from sessions_app.admin import agenda, releases, webinars

__all__ = ["agenda", "releases", "webinars"]
