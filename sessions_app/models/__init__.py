from sessions_app.models.language import SpokenLanguage
from sessions_app.models.organiser import Presidency, WebinarOrganiser
from sessions_app.models.release import Release, ReleasedSession
from sessions_app.models.session import AgendaItem, AgendaItemKind, Session
from sessions_app.models.speaker import AgendaItemSpeaker, Speaker, SpeakerKind, SpeakerRole
from sessions_app.models.webinar import AgendaVisibility, Webinar

__all__ = [
    "AgendaItem",
    "AgendaItemKind",
    "AgendaItemSpeaker",
    "AgendaVisibility",
    "Presidency",
    "Release",
    "ReleasedSession",
    "Session",
    "Speaker",
    "SpeakerKind",
    "SpeakerRole",
    "SpokenLanguage",
    "Webinar",
    "WebinarOrganiser",
]
