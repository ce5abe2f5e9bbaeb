"""Django's database sessions, which ignore keys that Django cannot have generated."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions


class SessionStore(DatabaseSessions):
    def __init__(self, session_key: str | None = None) -> None:
        """Treat an impossible key as no session: PostgreSQL raises an error for one with a NUL character."""
        is_possible = session_key is not None and session_key.isascii() and session_key.isalnum()
        super().__init__(session_key if is_possible else None)
