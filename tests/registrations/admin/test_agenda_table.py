"""A pasted or uploaded table becomes the items of a session, after a look."""

import io
from datetime import time
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from sessions_app.models import AgendaItem, Session, Speaker
from tests.factories import make_observer, make_speaker, make_webinar
from tests.filled_form import filled_form

URL = "/admin/webinars/flows/agenda/1/table/"
# As a person types it in a spreadsheet: a title row, headings, hours in several forms, a speaker on a line alone.
TYPED = """\
Agenda preliminar – Día 1\t\t\t

Hora (Costa Rica)\tTítulo\tTitle\tPonentes
9:00\tPalabras de apertura\tOpening remarks\tPresidencia Pro Témpore (CRM)

09:20 – 09:30\tPanel de expertos: resumen del contexto\t\tModeradora: Ana Ejemplo (OIM); Luis Muestra
\t\t\tRosa Prueba (UNODC)
 9.30 a.m.\tReceso\tBreak\t
20 min\t\tGuided dialogue\tLuis Muestra
10:00 hrs\tPreguntas y respuestas\tQuestions and answers\t;
"""


@pytest.fixture
def session(db: None) -> Session:
    """09:00 to 11:00 in San José, with items of 20 and 100 minutes."""
    return make_webinar(sessions=1).sessions.get()


def look(client: Client, text: str = "", **typed: Any) -> Any:
    data = filled_form(client.get(URL).content.decode()) | {"table": text} | typed
    return client.post(URL, data)


def make(client: Client, preview: Any, **typed: str) -> Any:
    return client.post(URL, filled_form(preview.content.decode()) | {"_make": "1"} | typed)


def rows(response: Any) -> list[tuple[Any, ...]]:
    return [(item.minutes, item.title.es, item.title.en, item.kind) for item in response.context["preview"].items]


def errors(response: Any) -> list[tuple[str, ...]]:
    return [item.errors for item in response.context["preview"].items]


def titles(session: Session) -> list[str]:
    return [str(item) for item in session.items.order_by("position")]


def test_a_table_as_a_person_types_it_is_looked_at_first(secretariat: Client, session: Session) -> None:
    response = look(secretariat, TYPED, replaces="on")

    assert rows(response) == [
        (20, "Palabras de apertura", "Opening remarks", "opening"),
        (10, "Panel de expertos: resumen del contexto", "", "panel"),
        (None, "Receso", "Break", "break"),
        (20, "", "Guided dialogue", "dialogue"),
        (60, "Preguntas y respuestas", "Questions and answers", "questions"),
    ]
    assert errors(response) == [(), (), ("Give its minutes, or the hour of the next row.",), (), ()]
    assert response.context["preview"].items[1].speaker_labels == [
        "Moderator: Ana Ejemplo (OIM)",
        "Panelist: Luis Muestra",
        "Panelist: Rosa Prueba (UNODC)",
    ]
    assert "Row 8: Give its minutes, or the hour of the next row." in response.content.decode()
    assert filled_form(response.content.decode())["table"].split() == TYPED.split()
    assert titles(session) == ["Opening remarks", "Panel"]


def test_the_second_post_makes_the_items_behind_those_that_exist(secretariat: Client, session: Session) -> None:
    known = make_speaker(session.webinar, "Ana Ejemplo")
    preview = look(secretariat, "10 min\tReceso\tBreak\n15\tPanel de cierre\t\tana ejemplo; Luis Muestra (OIM)")

    response = make(secretariat, preview)

    assert response.headers["Location"] == "/admin/webinars/flows/agenda/"
    assert list(session.items.order_by("position").values_list("minutes", "kind", "title_es", "title_en"))[2:] == [
        (10, "break", "Receso", "Break"),
        (15, "panel", "Panel de cierre", ""),
    ]
    speakers = session.items.get(minutes=15).item_speakers.order_by("position")
    assert [(row.speaker.name_en, row.speaker.institution_en, row.role) for row in speakers] == [
        ("Ana Ejemplo", "", "panelist"),
        ("Luis Muestra", "OIM", "panelist"),
    ]
    assert (speakers[0].speaker, Speaker.objects.count()) == (known, 2)
    assert LogEntry.objects.get().get_change_message() == (
        "Added agenda item “Break”. Added agenda item “Panel de cierre”."
    )


def test_the_items_replace_those_that_exist_if_that_is_ticked(secretariat: Client, session: Session) -> None:
    preview = look(secretariat, "9:00\tApertura\n9:30\tCierre", replaces="on")

    make(secretariat, preview)

    assert list(session.items.order_by("position").values_list("position", "minutes", "title_es")) == [
        (1, 30, "Apertura"),
        (2, 90, "Cierre"),
    ]


def test_a_table_that_is_sent_twice_is_added_once(secretariat: Client, session: Session) -> None:
    preview = look(secretariat, "10\tReceso\tBreak")

    make(secretariat, preview)
    again = make(secretariat, preview)

    assert "Someone has changed the items of this session meanwhile." in again.content.decode()
    assert titles(session) == ["Opening remarks", "Panel", "Break"]


def test_a_table_that_was_changed_after_the_look_is_shown_again(secretariat: Client, session: Session) -> None:
    preview = look(secretariat, "10\tReceso\tBreak")

    again = make(secretariat, preview, table="20\tReceso\tBreak")
    response = make(secretariat, again)

    assert "The table has changed since you looked at it." in again.content.decode()
    assert (response.status_code, session.items.get(title_en="Break").minutes) == (302, 20)


def test_a_table_with_an_error_makes_nothing(secretariat: Client, session: Session) -> None:
    preview = look(secretariat, "10\tReceso\tBreak\nsoon\tCierre\tClosing")

    response = make(secretariat, preview)

    assert (response.status_code, "_make" in response.content.decode()) == (200, False)
    assert titles(session) == ["Opening remarks", "Panel"]


@pytest.mark.parametrize(
    ("hour", "minutes"),
    [
        ("9:00", 120), ("09.20", 100), ("9h30", 90), ("10 a.m.", 60), ("9:00:00", 120), ("10:00 hrs", 60),
        ("9:00-9:20", 20), ("09:20 – 09:30", 10), ("9:00 a 9:45", 45), ("de 9:00 a 9:45 horas", 45),
        ("9:00 a. m. – 9:20 a. m.", 20), ("11:30 – 12:15 p.m.", 45), ("1:00 – 1:30 p. m.", 30), ("9 – 9:20", 20),
        ("20", 20), ("20 m", 20), ("20 min", 20), ("20 minutos", 20), ("20'", 20), ("1 h", 60), ("1h30", 90),
        ("1 hora y 30 min.", 90), ("9:10 (15 min)", 15),
    ],
)  # fmt: skip
def test_an_hour_or_minutes_are_read_as_people_write_them(
    hour: str, minutes: int, secretariat: Client, session: Session
) -> None:
    assert rows(look(secretariat, f"{hour}\tTema"))[0][0] == minutes


@pytest.mark.parametrize(
    ("heading", "hour", "begins", "minutes"),
    [
        ("Hora", "6 h", 360, 300), ("Hour", "6h", 360, 300), ("Hora (Costa Rica)", "6 hrs.", 360, 300),
        ("Hora", "6h30", 390, 270), ("Hora", "7 h", 420, 240), ("Hora", "20", None, 20),
        ("Hora", "1 h 30 min", None, 90), ("Hora o minutos", "6 h", None, 360), ("Time", "6 h", None, 360),
        ("Minutos", "6 h", None, 360),
    ],
)  # fmt: skip
def test_in_a_column_of_hours_a_number_with_an_h_is_an_hour_of_the_day(
    heading: str, hour: str, begins: int | None, minutes: int, secretariat: Client, session: Session
) -> None:
    item = look(secretariat, f"{heading}\tTítulo\n{hour}\tTema").context["preview"].items[0]

    assert (item.begins, item.minutes) == (begins, minutes)


@pytest.mark.parametrize(
    "hour", ["25:00", "9:75", "9:30 – 9:00", "soon", "9:00 9:20", "1000000", "\u0669:\u0660\u0660", "=A1", "–"]
)
def test_what_is_no_hour_is_refused_beside_its_row(hour: str, secretariat: Client, session: Session) -> None:
    response = look(secretariat, f"{hour}\tTema")

    assert rows(response)[0][0] is None
    assert errors(response)[0][0] == f"“{hour}” is neither an hour, such as 09:00, nor minutes."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\tTema", "Give an hour, such as 09:00, or minutes, such as 20."),
        ("9:00\t\t\tAna", "The row has no title."),
        ("9:30\tUno\n9:00\tDos", "The next row, or the end of the session, is not after this hour."),
        ("20\t=A1", "This cell holds a formula. Please write the text itself."),
        ("20\t" + "x" * 251, "Ensure this value has at most 250 characters (it has 251)."),
        ("20\t\t" + "x" * 251, "Ensure this value has at most 250 characters (it has 251)."),
        ("20\tTema\t\t" + "x" * 201, "Ensure this value has at most 200 characters (it has 201)."),
        ("20\tTema\t\t" + ";".join(f"A{number}" for number in range(31)), "These are more than 30 speakers."),
    ],
)
def test_each_error_stands_beside_its_row(text: str, message: str, secretariat: Client, session: Session) -> None:
    assert message in errors(look(secretariat, text))[0]


def test_a_row_whose_hour_differs_from_the_running_clock_is_marked(secretariat: Client, session: Session) -> None:
    response = look(secretariat, "9:00 – 9:10\tUno\n9:20 – 9:30\tDos", replaces="on")

    assert [item.warning for item in response.context["preview"].items] == [
        "",
        "By the minutes before it, it begins at 09:10.",
    ]
    assert response.context["preview"].minutes_left == 100
    assert make(secretariat, response).status_code == 302


# As another person types it, for a session that begins half an hour earlier than ours.
OF_ANOTHER_HOUR = """\
HORA\tACTIVIDAD\tRESPONSABLE
08:30 - 09:00 hrs.\tConexión y prueba de sonido\tOIM
09:00 hrs - 09:15 hrs\tPalabras de bienvenida\tEmbajadora María Prueba (PPT); Sr. Juan Ensayo (OIM)
9:15 a 10:00\tTendencias en la región (video + ppt)\tUNODC – Felipe Muestra
10.00-10.10\tRECESO\t
10:10am-10:50am\tMesa redonda\tModeradora: Lic. Ana Ejemplo (FGR México); Panelistas: Luis Muestra; Rosa Prueba
10:50 – 11:00\tCierre / próximos pasos\t\x20
TOTAL\t2 h\t
"""


def test_hours_that_are_all_shifted_are_marked_once(secretariat: Client, session: Session) -> None:
    response = look(secretariat, OF_ANOTHER_HOUR, replaces="on")

    items = response.context["preview"].items
    assert [(item.minutes, item.kind, bool(item.warning)) for item in items[:-1]] == [
        (30, "presentation", True),
        (15, "opening", False),
        (45, "presentation", False),
        (10, "break", False),
        (40, "panel", False),
        (10, "presentation", False),
    ]
    assert items[0].warning == "By the minutes before it, it begins at 09:00."
    assert [len(item.speakers) for item in items] == [1, 2, 1, 0, 3, 0, 0]
    assert items[-1].errors == ("“TOTAL” is neither an hour, such as 09:00, nor minutes.",)
    assert response.context["preview"].minutes_left == -30


def test_the_last_row_lasts_until_the_end_or_as_long_as_somebody_says(secretariat: Client, session: Session) -> None:
    assert rows(look(secretariat, "9:00\tTema"))[0][0] == 120
    assert rows(look(secretariat, "9:00\tTema", last_minutes="15"))[0][0] == 15
    assert look(secretariat, "9:00\tTema", last_minutes="0").context["form"].errors["last_minutes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Title (English);Título (español);Minutos\nBreak;Receso;10", (10, "Receso", "Break")),
        ("Duration,Topic\n10,Break", (10, "", "Break")),
        ("10;Receso", (10, "Receso", "")),
        ("Min,ES,EN,Speakers\n10,Receso,Break,Ana Ejemplo; Luis Muestra; Rosa Prueba; Eva", (10, "Receso", "Break")),
        ("10\tReceso\tBreak\tAna; Luis; Rosa; Eva; Pía", (10, "Receso", "Break")),
    ],
)
def test_columns_are_found_by_headings_and_by_what_separates_the_cells(
    text: str, expected: tuple[Any, ...], secretariat: Client, session: Session
) -> None:
    assert rows(look(secretariat, text))[0][:3] == expected


def workbook(*lines: tuple[Any, ...]) -> SimpleUploadedFile:
    book, target = Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(target)
    return SimpleUploadedFile("agenda.xlsx", target.getvalue())


def test_a_workbook_is_uploaded_with_hours_as_excel_stores_them(secretariat: Client, session: Session) -> None:
    file = workbook(
        ("Hora", "Título", "Title", "Ponentes"),
        (time(9, 0), "Apertura", "Opening", "Ana Ejemplo\nLuis Muestra"),
        (time(9, 20), "Receso", None, None),
    )

    preview = look(secretariat, file=file, replaces="on")
    make(secretariat, preview)

    assert rows(preview) == [(20, "Apertura", "Opening", "opening"), (100, "Receso", "", "break")]
    assert titles(session) == ["Opening", "Receso"]
    assert [speaker.name_en for speaker in Speaker.objects.order_by("pk")] == ["Ana Ejemplo", "Luis Muestra"]


def test_a_csv_file_of_a_spanish_excel_is_uploaded(secretariat: Client, session: Session) -> None:
    text = 'Hora;Título;Ponentes\r\n9:00;Apertura;"Ana Ejemplo; Luis Muestra"\r\n9:20;Migración;\r\n'

    preview = look(secretariat, file=SimpleUploadedFile("agenda.csv", text.encode("cp1252")), replaces="on")
    make(secretariat, preview)

    assert (titles(session), Speaker.objects.count()) == (["Apertura", "Migración"], 2)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken"), ""),
        (SimpleUploadedFile("a.csv", b"\x00\x01\x02"), "This is not a table"),
        (SimpleUploadedFile("a.pdf", b"%PDF-1.4"), "This is no Excel, Word or CSV file."),
        (SimpleUploadedFile("a.csv", b""), ""),
        (SimpleUploadedFile("a.csv", b"a;b\n" * 1_001), "These are more than 1000 rows."),
    ],
)
def test_a_file_that_is_no_table_is_refused_beside_its_input(
    file: SimpleUploadedFile, message: str, secretariat: Client, session: Session
) -> None:
    file.seek(0)

    response = look(secretariat, file=file)

    assert response.status_code == 200
    assert message in response.context["form"].errors["file"][0]


def test_too_many_items_and_no_items_are_refused(secretariat: Client, session: Session) -> None:
    many = look(secretariat, "5\tTema\n" * 101)
    none = look(secretariat, "Hora\tTítulo\n\n")

    assert many.context["preview"].problem == "These are more than 100 items. Is it the table of one session?"
    assert none.context["preview"].problem == "There is no row with a title."
    assert [make(secretariat, each).status_code for each in (many, none)] == [200, 200]
    assert AgendaItem.objects.count() == 2


def test_nothing_is_refused_with_a_sentence(secretariat: Client, session: Session) -> None:
    response = look(secretariat)

    assert response.context["form"].errors == {"file": ["Please choose a file, or paste rows below."]}


@pytest.mark.parametrize("seen", ["x", "1,9", "9" * 5_000, "-1"])
def test_a_forged_list_of_seen_items_makes_nothing(seen: str, secretariat: Client, session: Session) -> None:
    preview = look(secretariat, "10\tReceso\tBreak")

    assert make(secretariat, preview, seen=seen).status_code == 200
    assert titles(session) == ["Opening remarks", "Panel"]


def test_an_observer_may_not_open_the_page(client: Client, session: Session) -> None:
    client.force_login(make_observer())

    assert client.get(URL).status_code == 403


def test_a_session_that_does_not_exist_is_not_found(secretariat: Client, session: Session) -> None:
    numbers = ("2", "9" * 30)

    assert [secretariat.get(f"/admin/webinars/flows/agenda/{n}/table/").status_code for n in numbers] == [404, 404]


def test_the_page_is_completely_in_spanish(secretariat: Client, session: Session) -> None:
    secretariat.cookies["django_language"] = "es"

    shown = look(secretariat, "soon\tTema\n10\tReceso").content.decode()

    assert "Fila 1: «soon» no es ni una hora, como 09:00, ni minutos." in shown
