"""Django's sessions in the database, for keys that Django itself could have made."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions


class SessionStore(DatabaseSessions):
    def __init__(self, session_key: str | None = None) -> None:
        """Take any other key (one with a NUL, say, which PostgreSQL refuses) for that of no session."""
        is_possible = session_key is not None and session_key.isascii() and session_key.isalnum()
        super().__init__(session_key if is_possible else None)
