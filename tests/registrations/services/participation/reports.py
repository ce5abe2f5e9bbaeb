"""Participant reports as Zoom and Teams write them."""

from collections.abc import Sequence

ZOOM_HEADINGS = "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest"
TEAMS_HEADINGS = "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole"


def zoom(*rows: str) -> bytes:
    """With a byte order mark, and a table of the meeting above that of the people."""
    lines = [
        "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants",
        '"812 3456 7890","Flows, first session",11/16/2026 08:45:00 AM,11/16/2026 11:10:00 AM,host@example.org,145,9',
        "",
        ZOOM_HEADINGS,
        *rows,
    ]
    return "\r\n".join(lines).encode("utf-8-sig")


def zoom_row(
    name: str, address: str = "", joined: str = "08:58:00 AM", left: str = "11:00:00 AM", minutes: int = 122
) -> str:
    return f"{name},{address},11/16/2026 {joined},11/16/2026 {left},{minutes},Yes"


def teams(rows: Sequence[str], *, activities: Sequence[str] = ()) -> bytes:
    """UTF-16 with tabs, a summary above the people and each single stay once more below them."""
    lines = [
        "1. Summary",
        "Meeting title\tFlows, first session",
        "Attended participants\t2",
        "Start time\t11/16/26, 8:45:12 AM",
        "",
        "2. Participants",
        TEAMS_HEADINGS,
        *rows,
        "",
        "3. In-Meeting Activities",
        "Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole",
        *activities,
    ]
    return "\r\n".join(lines).encode("utf-16")
