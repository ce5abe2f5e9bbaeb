"""The people of a report: the rows of each person merged into one, with times and minutes."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from registrations.services.attendance_import.reading import ReportRow
from registrations.tokens.participants import delegate_id_in_link

MAX_MINUTES = 7 * 24 * 60
MAX_NAME_LENGTH = 200
MAX_ADDRESS_LENGTH = 254
MAX_KEY_LENGTH = 300
# Other years cannot be those of a report, and a database cannot store some of them.
YEARS = range(2000, 2101)
# Zoom and Teams write the month first, as in the United States, unless the computer has another language.
NUMBERED_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(?:([ap])\.?\s*m)?", re.I)
OFFSET = re.compile(r"T[\d:.]+(Z|[+-]\d\d:?\d\d)$")
PART_OF_DURATION = re.compile(r"(\d+(?:[.,]\d+)?)\s*([hms])", re.I)
CLOCK_OF_DURATION = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?")
SECONDS = {"h": 3600, "m": 60, "s": 1}

DayReader = Callable[[str], date | None]


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person as named in a report. `key` identifies them by their address or, without one, by their name.

    `linked_delegate_id` is the id of the delegate whose personal link only this person gave.
    """

    name: str
    address: str
    minutes: int
    first_joined_at: datetime | None
    last_left_at: datetime | None
    linked_delegate_id: int | None = None

    @property
    def key(self) -> str:
        """Identifies the person in the reports of a session."""
        return self.address.lower() or f"name:{' '.join(self.name.casefold().split())}"[:MAX_KEY_LENGTH]


@dataclass(frozen=True, slots=True)
class _Stay:
    joined_at: datetime | None
    left_at: datetime | None
    seconds: int


def attendees_from_rows(rows: Sequence[ReportRow], *, day: date, zone: str) -> list[Attendee]:
    """Return one attendee per person, in the order of the report. Rows without a name and an address are ignored.

    Times without an offset are in `zone`. If a date can be read in two ways, such as 10/05, `day`, the date of the
    session, decides.
    """
    read_day = _choose_day_order(rows, day=day)
    stays: dict[str, list[_Stay]] = defaultdict(list)
    names: dict[str, Attendee] = {}
    links: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        who = Attendee(
            clean_text(row.name, MAX_NAME_LENGTH),
            clean_text(row.address, MAX_ADDRESS_LENGTH) if "@" in row.address else "",
            0, None, None,
        )  # fmt: skip
        if who.name or who.address:
            names.setdefault(who.key, who)
            stays[who.key].append(_parse_stay(row, read_day, ZoneInfo(zone)))
            if (linked := delegate_id_in_link(row.link)) is not None:
                links[who.key].add(linked)
    given = Counter(chain.from_iterable(links.values()))
    return [_merge_stays(names[key], of_one, _only_link(links[key], given)) for key, of_one in stays.items()]


def _only_link(own: Collection[int], given: Mapping[int, int]) -> int | None:
    """Return the linked delegate id if the person gave exactly one link and nobody else gave it, else None."""
    return next((linked for linked in own if len(own) == given[linked] == 1), None)


def clean_text(text: str, longest: int) -> str:
    """Return text that a database can store: without NUL and lone surrogates, at most `longest` characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest].strip()


def _merge_stays(who: Attendee, stays: list[_Stay], linked: int | None) -> Attendee:
    """Combine the stays of a person into one attendee."""
    joined = [stay.joined_at for stay in stays if stay.joined_at]
    left = [stay.left_at for stay in stays if stay.left_at]
    minutes = -(-_seconds_of(stays) // 60)
    return Attendee(
        who.name,
        who.address,
        min(minutes, MAX_MINUTES),
        min(joined, default=None),
        max(left, default=None),
        linked,
    )


def _seconds_of(stays: list[_Stay]) -> int:
    """Return the total time of `stays`; overlapping stays count once if all times are known."""
    spans = sorted((stay.joined_at, stay.left_at) for stay in stays if stay.joined_at and stay.left_at)
    total = sum(stay.seconds for stay in stays)
    overlaps = any(later[0] < earlier[1] for earlier, later in pairwise(spans))
    if len(spans) < len(stays) or not overlaps:
        return total
    seconds = 0.0
    until = spans[0][0]
    for joined, left in spans:
        if left > until:
            seconds += (left - max(joined, until)).total_seconds()
            until = left
    return int(seconds)


def _parse_stay(row: ReportRow, read_day: DayReader, zone: ZoneInfo) -> _Stay:
    joined, left = _parse_instant(row.joined, read_day, zone), _parse_instant(row.left, read_day, zone)
    if joined and left and left < joined:
        left = None
    seconds = seconds_in(row.duration)
    if seconds is None:
        seconds = int((left - joined).total_seconds()) if joined and left else 0
    return _Stay(joined, left, seconds)


def seconds_in(text: str) -> int | None:
    """Parse a duration such as "63" (minutes), "1h 5m 3s", "1 h 5 min 3 s" or "1:05:03"; None for anything else."""
    if clock := CLOCK_OF_DURATION.fullmatch(text):
        first, second, third = clock.groups()
        return int(first) * 3600 + int(second) * 60 + int(third or 0)
    if parts := PART_OF_DURATION.findall(text):
        return int(sum(float(number.replace(",", ".")[:9]) * SECONDS[unit.lower()] for number, unit in parts))
    try:
        minutes = float(text[:9].replace(",", "."))
    except ValueError:
        return None
    return int(minutes * 60) if 0 <= minutes <= MAX_MINUTES else None


def _parse_instant(text: str, read_day: DayReader, zone: ZoneInfo) -> datetime | None:
    """Parse a date and time; None if `text` has none."""
    if OFFSET.search(text):
        try:
            instant = datetime.fromisoformat(text)
            return instant if instant.year in YEARS else None
        except ValueError:
            return None
    day, clock = read_day(text), CLOCK.search(text)
    if day is None or clock is None:
        return None
    hour = int(clock[1])
    if half := clock[4]:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    try:
        return datetime(day.year, day.month, day.day, hour, int(clock[2]), int(clock[3] or 0), tzinfo=zone)
    except ValueError:
        return None


def _choose_day_order(rows: Sequence[ReportRow], *, day: date) -> DayReader:
    """Return the reader for month first or day first, whichever reads more dates, and more of them near `day`."""
    texts = list(dict.fromkeys(row.joined[:11] for row in rows if row.joined))

    def fits(read_day: DayReader) -> tuple[int, int]:
        days = [found for text in texts if (found := read_day(text))]
        return len(days), sum(abs(found - day) <= timedelta(days=1) for found in days)

    return max((_month_first, _day_first), key=fits)


def _month_first(text: str) -> date | None:
    return _numbered_day(text, is_day_first=False)


def _day_first(text: str) -> date | None:
    return _numbered_day(text, is_day_first=True)


def _numbered_day(text: str, *, is_day_first: bool) -> date | None:
    if iso := ISO_DAY.search(text):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    if numbered := NUMBERED_DAY.search(text):
        first, second, year = map(int, numbered.groups())
        month, day = (second, first) if is_day_first else (first, second)
        return _date(year if year > 99 else 2000 + year, month, day)
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def count_joined_on_other_days(people: Iterable[Attendee], *, first: date, last: date, zone: str) -> tuple[int, int]:
    """Return how many people joined on a day outside `first` to `last`, and how many have a known time of joining."""
    days = [
        attendee.first_joined_at.astimezone(ZoneInfo(zone)).date() for attendee in people if attendee.first_joined_at
    ]
    return sum(not first <= day <= last for day in days), len(days)
