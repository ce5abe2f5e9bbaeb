"""The organisers of a webinar and the presidency of its year, as values that a release stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sessions_app.bilingual import Bilingual
from sessions_app.models import Presidency, Webinar, WebinarOrganiser


@dataclass(frozen=True)
class AgendaOrganiser:
    """An organisation that holds the webinar together with the conference."""

    name: Bilingual
    acronym: Bilingual
    url: str

    def to_json(self) -> dict[str, Any]:
        """Return the organiser as a release stores it."""
        return {"name": self.name.to_json(), "acronym": self.acronym.to_json(), "url": self.url}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AgendaOrganiser":
        """Return the organiser that a release stores."""
        return cls(
            name=Bilingual.from_json(value["name"]), acronym=Bilingual.from_json(value["acronym"]), url=value["url"]
        )


@dataclass(frozen=True)
class AgendaPresidency:
    """The country that presides over the conference in the year of the webinar."""

    year: int
    country: Bilingual

    def to_json(self) -> dict[str, Any]:
        """Return the presidency as a release stores it."""
        return {"year": self.year, "country": self.country.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AgendaPresidency":
        """Return the presidency that a release stores."""
        return cls(year=value["year"], country=Bilingual.from_json(value["country"]))


def organisers_of(webinar: Webinar) -> tuple[AgendaOrganiser, ...]:
    """Return the organisers of `webinar` in their order. One query."""
    return tuple(AgendaOrganiser(row.name, row.acronym, row.url) for row in webinar.organisers.all())


def write_organisers(webinar: Webinar, organisers: Sequence[AgendaOrganiser]) -> bool:
    """Replace the organisers of `webinar` if they differ; return whether they were replaced."""
    if organisers_of(webinar) == tuple(organisers):
        return False
    webinar.organisers.all().delete()
    WebinarOrganiser.objects.bulk_create(
        WebinarOrganiser(
            webinar=webinar,
            position=position,
            name_en=each.name.en,
            name_es=each.name.es,
            acronym_en=each.acronym.en,
            acronym_es=each.acronym.es,
            url=each.url,
        )
        for position, each in enumerate(organisers, start=1)
    )
    return True


def presidency_at(starts: Sequence[datetime], zone: str) -> AgendaPresidency | None:
    """Return the presidency of the year of the earliest of `starts` in `zone`; None if it is not known. One query."""
    if not starts:
        return None
    row = Presidency.objects.filter(year=min(starts).astimezone(ZoneInfo(zone)).year).first()
    return AgendaPresidency(row.year, row.country) if row else None
