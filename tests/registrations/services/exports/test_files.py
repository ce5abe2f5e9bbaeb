"""Files for spreadsheet programs: typed text stays text, and a long file needs little memory."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from registrations.services.exports import FileFormat, Table, write_csv, write_xlsx
from tests.hostile_text import HOSTILE

ROOT = Path(__file__).resolve().parents[4]
FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://example.org","Ana")',
    "+504 2222 3333",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\n=1",
    "＝1+1",  # noqa: RUF001  # the wide sign is meant
)
HARMLESS = ("Ana Muestra", "2 of 2", "José-María", "ana@example.org", "'quoted'", "", "0", "Paz, Ana; (A.)")
MEGABYTE = 1024 * 1024


def table_of(*values: str | int) -> Table:
    return Table(name="people", headings=("Value",), chunks=[[[value] for value in values]])


def csv_of(table: Table) -> list[list[str]]:
    with write_csv(table) as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe_in_csv(text: str) -> None:
    assert csv_of(table_of(text)) == [["Value"], [f"'{text}"]]


def test_other_texts_and_numbers_stay_as_they_are_in_csv() -> None:
    assert csv_of(table_of(*HARMLESS, 0, -3)) == [["Value"], *[[text] for text in HARMLESS], ["0"], ["-3"]]


def test_csv_begins_with_a_byte_order_mark_and_has_every_cell_in_quotes() -> None:
    with write_csv(table_of("Núñez")) as file:
        assert file.read() == b'\xef\xbb\xbf"Value"\r\n"N\xc3\xba\xc3\xb1ez"\r\n'


def test_a_text_in_a_workbook_is_a_text_whatever_it_begins_with() -> None:
    texts = [text for text in (*FORMULAS, *HARMLESS) if text]
    with write_xlsx(table_of(*texts, 5)) as file:
        cells = [row[0] for row in load_workbook(file).active.iter_rows(min_row=2)]

    assert [(cell.value, cell.data_type) for cell in cells] == [
        *((text.replace("\r", "\n"), "s") for text in texts),
        (5, "n"),
    ]
    assert [cell.quotePrefix for cell in cells] == [True] * len(FORMULAS) + [False] * (len(texts) - len(FORMULAS) + 1)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_makes_a_file_that_opens(text: str) -> None:
    with write_xlsx(table_of(text)) as file:
        assert load_workbook(file).active.max_row >= 1
    assert csv_of(table_of(text))[0] == ["Value"]


def test_ten_thousand_delegates_cost_a_worker_less_than_60_megabytes(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/growing.sqlite3", "CACHE_URL": "database"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "tests.registrations.services.exports.growing", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    run("seed", "10000")
    for file_format in FileFormat.values:
        rows, growth = map(int, run("measure", file_format).split()[-2:])

        assert rows == 10_000
        assert growth < 60 * MEGABYTE
