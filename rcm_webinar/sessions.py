"""Django's sessions in the database, for keys that Django itself could have made."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions


class SessionStore(DatabaseSessions):
    def _validate_session_key(self, key: str) -> bool:
        """Other keys (with a NUL, say, which PostgreSQL refuses) are those of no session."""
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()  # type: ignore[misc]  # not in the stubs
