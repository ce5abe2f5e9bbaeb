"""How much more memory a process needs, at its peak, to answer with a file of many delegates.

`seed <people>` fills the database of DATABASE_URL; `measure <format>`, in a process of its own, whose peak nothing has
raised before, opens the page once, exports by it, and prints how many rows came and by how many bytes the peak grew.
"""

import csv
import importlib
import os
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import django

STAFF = "secretariat@example.org"
ADDRESS = "/admin/registrations/delegate/export/?webinar=flows"


def seed(people: int) -> None:
    management = importlib.import_module("django.core.management")
    factories = importlib.import_module("tests.factories")
    management.call_command("migrate", verbosity=0)
    delegation = factories.make_delegation()
    for _thousand in range(people // 1_000):
        factories.make_delegates(
            1_000, delegation, position="Example position", needs="Interpretation into English, please. " * 5
        )
    factories.make_staff(STAFF)


def measure(file_format: str) -> None:
    client = importlib.import_module("django.test").Client()
    models = importlib.import_module("registrations.models")
    columns = list(importlib.import_module("registrations.services.exports").COLUMNS)
    permissions = importlib.import_module("registrations.permissions")
    staff = models.User.objects.get(email=STAFF)
    client.force_login(staff)
    session = client.session
    session[permissions.SECOND_FACTOR_SESSION_KEY] = staff.pk
    session.save()
    assert client.get(ADDRESS).status_code == 200
    before = memory("VmRSS")
    answer = client.post(ADDRESS, {"columns": columns, "file_format": file_format})
    with tempfile.NamedTemporaryFile(suffix=f".{file_format}") as file:
        for part in answer.streaming_content:
            file.write(part)
        peak = memory("VmHWM")
        file.flush()
        rows = rows_in(file.name)
    sys.stdout.write(f"{rows - 1} {peak - before}\n")


def rows_in(name: str) -> int:
    """With the one of headings."""
    if name.endswith(".csv"):
        with open(name, newline="", encoding="utf-8-sig") as text:
            return sum(1 for _row in csv.reader(text))
    # openpyxl would convert each cell, which takes seconds; the sheet's XML has one element for each row.
    with zipfile.ZipFile(name) as workbook:
        return workbook.read("xl/worksheets/sheet1.xml").count(b"<row ")


def memory(what: str) -> int:
    """Bytes, of this program alone: what `getrusage` calls the peak may be that of the one which started it."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    importlib.import_module("tests.environment")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rcm_webinar.settings"
    django.setup()
    if sys.argv[1] == "seed":
        seed(int(sys.argv[2]))
    else:
        measure(sys.argv[2])
