"""Reads the values of one table of a definition file; it collects every problem, so that all are reported at once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.utils.translation import gettext as _

from sessions_app.addresses import validate_mail_address, validate_web_address
from sessions_app.bilingual import LANGUAGES, Bilingual
from sessions_app.definitions.source import KeyPath, Source
from sessions_app.zones import known_zones

MAX_TEXT_LENGTH = 20_000


class TomlTable:
    """A table of `source`. Read every key that is allowed, then call `finish()`, which reports all other keys."""

    def __init__(self, source: Source, path: KeyPath, values: Mapping[str, Any], *, is_given: bool = True) -> None:
        self.source = source
        # False if the table is missing from the file: it then reads as empty.
        self._is_given = is_given
        self.path = path
        self._values = values
        self._known_keys: list[str] = []

    @classmethod
    def top(cls, source: Source) -> "TomlTable":
        """Return the table of the whole file."""
        return cls(source, (), source.data)

    def has(self, key: str) -> bool:
        """Whether the table has `key`, whatever its value."""
        return key in self._values

    def is_text(self, key: str) -> bool:
        """Whether the value of `key` is a text."""
        return isinstance(self._values.get(key), str)

    @property
    def line(self) -> int:
        """The line of the file on which the table begins."""
        return self.source.line_of(self.path)

    def report(self, key: str, message: str) -> None:
        """Report a problem on the line of `key`, or of the table if `key` is empty."""
        self.source.report((*self.path, key) if key else self.path, message)

    def allow(self, *keys: str) -> None:
        """Let `finish` accept `keys` although they were not read."""
        self._known_keys.extend(key for key in keys if key not in self._known_keys)

    def finish(self) -> None:
        """Report each key that was neither read nor allowed."""
        for key in self._values:
            if key not in self._known_keys:
                self.report(
                    key,
                    _("“%(key)s” is not known here. Allowed: %(allowed)s.")
                    % {"key": key, "allowed": ", ".join(sorted(self._known_keys))},
                )

    def read_text(self, key: str, *, required: bool = False, longest: int = 200) -> str:
        """Read a text, stripped; empty if it is missing, or invalid and therefore reported."""
        value: str = self._read(key, str, _("a text in quotes"), default="", required=required)
        value = value.strip()
        if required and not value and self._values.get(key) is not None:
            self.report(key, _("“%(key)s” is empty.") % {"key": key})
        if len(value) > longest:
            self.report(key, _("“%(key)s” has more than %(longest)s characters.") % {"key": key, "longest": longest})
            return ""
        if any(character < " " and character not in "\n\t" for character in value):
            self.report(key, _("“%(key)s” holds control characters.") % {"key": key})
            return ""
        return value

    def read_slug(self, key: str, *, required: bool = True, longest: int = 60) -> str:
        """Read a text that is a slug; empty if it is missing or reported."""
        value = self.read_text(key, required=required, longest=longest)
        return self._valid_or_empty(key, value, validate_slug, _("letters, digits, hyphens and underscores"))

    def read_email(self, key: str) -> str:
        """Read an e-mail address, which is required; empty if it is missing or reported."""
        value = self._valid_or_empty(key, self.read_text(key, required=True), validate_email, _("an e-mail address"))
        return self._valid_or_empty(key, value, validate_mail_address, _("an e-mail address"))

    def read_url(self, key: str) -> str:
        """Read a web address; empty if it is missing or reported."""
        allowed = _("an address that begins with https://")
        return self._valid_or_empty(key, self.read_text(key, longest=500), validate_web_address, allowed)

    def read_zone(self, key: str) -> str:
        """Read the IANA name of a time zone, which is required; empty if it is missing or reported."""
        value = self.read_text(key, required=True)
        if value and value not in known_zones():
            self._refuse_zone(key, value)
            return ""
        return value

    def read_zones(self, key: str) -> tuple[str, ...]:
        """Read a list of time zones; report those that do not exist, and leave them out."""
        values = self._read(key, list, _("a list of time zones"), default=[])
        for value in values:
            if value not in known_zones():
                self._refuse_zone(key, value)
        return tuple(value for value in values if value in known_zones())

    def read_number(self, key: str, *, lowest: int, highest: int, default: int | None = None) -> int:
        """Read a whole number; it is required unless there is a default."""
        # TOML's true is Python's True, which is an int.
        usual = lowest if default is None else default
        value: int = self._read(key, int, _("a whole number"), default=usual, required=default is None)
        if not lowest <= value <= highest:
            self.report(
                key,
                _("“%(key)s” is %(value)s. Allowed: %(lowest)s to %(highest)s.")
                % {"key": key, "value": value, "lowest": lowest, "highest": highest},
            )
            return lowest
        return value

    def read_numbers(self, key: str, *, lowest: int, highest: int) -> tuple[int, ...]:
        """Read a list of whole numbers; report those out of range, and leave them out. A missing list is empty."""
        good = []
        for value in self._read(key, list, _("a list of whole numbers"), default=[]):
            # TOML's true is Python's True, which is an int.
            if type(value) is int and lowest <= value <= highest:
                good.append(value)
            else:
                self.report(
                    key,
                    _("“%(key)s” holds %(value)s. Allowed: %(lowest)s to %(highest)s.")
                    % {"key": key, "value": repr(value)[:60], "lowest": lowest, "highest": highest},
                )
        return tuple(good)

    def read_choice(self, key: str, allowed: Iterable[str], *, default: str = "") -> str:
        """Read one of `allowed`; it is required unless there is a default. Any other value reads as an empty string."""
        names = list(allowed)
        value: str = self._read(key, str, ", ".join(names), default=default, required=not default)
        if key in self._values and isinstance(value, str) and value not in names:
            self.report(
                key,
                _("“%(value)s” is not known. Allowed: %(allowed)s.") % {"value": value, "allowed": ", ".join(names)},
            )
            return ""
        return value

    def read_choices(self, key: str, allowed: Iterable[str]) -> tuple[str, ...] | None:
        """Read a list of some of `allowed`, each once; None if it is missing. Any other value is reported."""
        if not self.has(key):
            return None
        names = list(allowed)
        values: list[object] = self._read(key, list, ", ".join(names), default=[])
        good = tuple(value for value in values if isinstance(value, str) and value in names)
        if len(set(good)) < len(values):
            self.report(
                key,
                _("“%(key)s” holds a value that is not known, or one twice. Allowed: %(allowed)s.")
                % {"key": key, "allowed": ", ".join(names)},
            )
        return good

    def read_bool(self, key: str) -> bool | None:
        """Read true or false; None if the key is missing."""
        value: bool | None = self._read(key, bool, "true, false")
        return value

    def read_date(self, key: str, *, required: bool = True) -> date | None:
        """Read a TOML date; None if it is missing or reported."""
        value: date | None = self._read(key, date, _("a date such as 2020-11-16, without quotes"), required=required)
        return value

    def read_time(self, key: str, *, required: bool = True) -> time | None:
        """Read a TOML time, to the minute; None if it is missing or reported."""
        value: time | None = self._read(key, time, _("an hour such as 09:00:00, without quotes"), required=required)
        return value.replace(second=0, microsecond=0) if value else None

    def read_bilingual(self, key: str, *, required: bool = False, longest: int = 250) -> Bilingual:
        """Read a text in English and Spanish; one of the two may be missing."""
        return self.read_table(key, required=required).read_as_bilingual(required=required, longest=longest)

    def read_as_bilingual(self, *, required: bool, longest: int) -> Bilingual:
        """Read this table as a text in both languages: `{ en = "…", es = "…" }`."""
        value = Bilingual(*(self.read_text(language, longest=longest) for language in LANGUAGES))
        self.finish()
        if required and self._is_given and not self._values.keys() & set(LANGUAGES):
            self.report("", _("A text in “en” or “es” is needed."))
        return value

    def read_table(self, key: str, *, required: bool = False) -> "TomlTable":
        """Read the table at `key`; one that is missing reads as empty."""
        value = self._read(key, dict, _('a table such as { en = "…", es = "…" }'), default={}, required=required)
        is_given = isinstance(self._values.get(key), dict)
        return TomlTable(self.source, (*self.path, key), value, is_given=is_given)

    def read_tables(self, key: str) -> "list[TomlTable]":
        """Read a list of tables; report what is no table, and leave it out."""
        values = self._read(key, list, _("a list of tables"), default=[])
        found = []
        for position, value in enumerate(values):
            if isinstance(value, dict):
                found.append(TomlTable(self.source, (*self.path, key, position), value))
            else:
                self.report(key, _("“%(key)s” holds something that is not a table.") % {"key": key})
        return found

    def _read(self, key: str, kind: type, allowed: str, *, default: Any = None, required: bool = False) -> Any:
        """Return the value of `key` if its type is exactly `kind`, else `default`, and report a value of another type.

        A datetime is no date, and true is no number.
        """
        self._known_keys.append(key)
        if key not in self._values:
            if required:
                self.report(key, _("“%(key)s” is missing. Allowed: %(allowed)s.") % {"key": key, "allowed": allowed})
            return default
        value = self._values[key]
        if type(value) is kind:
            return value
        printed = repr(value.isoformat() if isinstance(value, date | time | datetime) else value)[:60]
        text = _("“%(key)s” is %(value)s. Allowed: %(allowed)s.")
        self.report(key, text % {"key": key, "value": printed, "allowed": allowed})
        return default

    def _valid_or_empty(self, key: str, value: str, validate: Callable[[str], object], allowed: str) -> str:
        try:
            if value:
                validate(value)
        except ValidationError:
            self.report(
                key, _("“%(value)s” cannot be used. Allowed: %(allowed)s.") % {"value": value, "allowed": allowed}
            )
            return ""
        return value

    def _refuse_zone(self, key: str, value: object) -> None:
        self.report(
            key,
            _("“%(value)s” is not a time zone. Allowed: a name of the IANA list such as America/Costa_Rica.")
            % {"value": value},
        )
