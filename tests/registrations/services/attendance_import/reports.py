"""Participant reports as Zoom and Teams write them."""

from collections.abc import Mapping, Sequence

from tests.registrations.services.imports.files import csv_file

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


# The blocks of Zoom's "Attendee Report" of a webinar, each with its title and headings of its own.
HOST, PANELISTS, ATTENDEES, OTHERS = "Host Details", "Panelist Details", "Attendee Details", "Other Attended"
OF_ZOOM_STAFF = (
    "Attended", "User Name (Original Name)", "Email", "Join Time", "Leave Time", "Time in Session (minutes)",
    "Is Guest", "Country/Region Name",
)  # fmt: skip
WEBINAR_HEADINGS = {
    HOST: OF_ZOOM_STAFF,
    PANELISTS: OF_ZOOM_STAFF,
    ATTENDEES: (
        "Attended", "User Name (Original Name)", "First Name", "Last Name", "Email", "Organization", "Personal link",
        "Registration Time", "Approval Status", "Join Time", "Leave Time", "Time in Session (minutes)", "Is Guest",
        "Country/Region Name",
    ),
    OTHERS: ("User Name", "Join Time", "Leave Time", "Time in Session (minutes)", "Country/Region Name"),
}  # fmt: skip
IN_SPANISH = {
    HOST: "Detalles del anfitrión", PANELISTS: "Detalles de los panelistas", ATTENDEES: "Detalles de los asistentes",
    OTHERS: "Otros asistentes", "Attended": "Asistió",
    "User Name (Original Name)": "Nombre de usuario (nombre original)",
    "User Name": "Nombre de usuario", "First Name": "Nombre", "Last Name": "Apellido", "Email": "Correo electrónico",
    "Organization": "Organización", "Personal link": "Enlace personal", "Registration Time": "Hora de registro",
    "Approval Status": "Estado de aprobación", "Join Time": "Hora de entrada", "Leave Time": "Hora de salida",
    "Time in Session (minutes)": "Tiempo en la sesión (minutos)", "Is Guest": "Es invitado",
    "Country/Region Name": "Nombre del país/región", "Yes": "Sí",
}  # fmt: skip


def staff_row(name: str, address: str, joined: str, left: str, minutes: int) -> list[str]:
    return ["Yes", name, address, f"11/16/2026 {joined}", f"11/16/2026 {left}", str(minutes), "No", "Panama"]


def attendee_row(name: str, address: str, joined: str = "", left: str = "", minutes: int = 0) -> list[str]:
    """Somebody who registered; without an hour, somebody who did not come."""
    times = [f"11/16/2026 {joined}", f"11/16/2026 {left}", str(minutes), "Yes", "Honduras"] if joined else ["--"] * 5
    registered = [name, "Sample", address, "Institute, “of samples”", "", "11/01/2026 10:00:00 AM", "approved"]
    return ["Yes" if joined else "No", name, *registered, *times]


def other_row(name: str, joined: str, left: str, minutes: int) -> list[str]:
    """Somebody without an address: by telephone."""
    return [name, f"11/16/2026 {joined}", f"11/16/2026 {left}", str(minutes), "Honduras"]


def webinar_report(blocks: Mapping[str, Sequence[Sequence[str]] | None]) -> list[list[str]]:
    """The rows of an "Attendee Report" with the people of `blocks` by title; None is a title without headings."""
    rows = [
        ["Attendee Report"],
        ["Report Generated:", "11/16/2026 11:42:00 AM"],
        ["Topic", "Webinar ID", "Actual Start Time", "Actual Duration (minutes)", "# Registered", "Total Users"],
        ["Flows, first session", "812 3456 7891", "11/16/2026 08:50:00 AM", "130", "6", "7"],
    ]
    for title, people in blocks.items():
        rows += [[title, ""], *([] if people is None else [list(WEBINAR_HEADINGS[title]), *map(list, people)])]
    return rows


def as_zoom_writes(rows: Sequence[Sequence[str]]) -> bytes:
    return csv_file(rows)


def as_excel_saves(rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """Opened and saved again: every row has as many cells as the widest."""
    width = max(map(len, rows))
    return csv_file([[*row, *[""] * (width - len(row))] for row in rows], delimiter=delimiter, encoding=encoding)


def translated(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """As Zoom writes it for whoever uses it in Spanish."""
    return [[IN_SPANISH.get(cell, cell) for cell in row] for row in rows]
