"""Checks of the project as a whole: migrations, pinned requirements, style sheets, citations of the design."""

import importlib.util
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template.defaultfilters import filesizeformat
from django.utils import translation
from django.utils.formats import date_format, localize
from django.utils.functional import Promise

from tests.drills import WITH_SIZES
from tests.environment import ROOT
from tests.run import CAN_DIFFER


@pytest.mark.django_db
@pytest.mark.usefixtures("migrations")
def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_psycopg_3_is_not_installed_because_django_would_silently_prefer_it() -> None:
    assert importlib.util.find_spec("psycopg") is None


@pytest.mark.django_db
def test_the_health_checks_answer(client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["database"] == {"status": "ok"}


@pytest.mark.parametrize("app", ["registrations", "sessions_app"])
def test_every_column_that_the_admin_may_show_has_a_name_in_both_languages(app: str) -> None:
    fields = [field for model in apps.get_app_config(app).get_models() for field in model._meta.fields]

    unnamed = [str(field) for field in fields if field.editable and not isinstance(field.verbose_name, Promise)]

    assert [name for name in unnamed if not name.endswith(".id")] == []


def test_dates_and_numbers_have_the_format_of_the_language() -> None:
    written = {}
    for language in ("en", "es"):
        with translation.override(language):
            written[language] = (date_format(date(2026, 10, 13)), localize(1234.5), filesizeformat(1536))

    assert written == {
        "en": ("Tue 13 Oct 2026", "1234.5", "1.5\xa0KB"),
        "es": ("mar 13 oct 2026", "1234,5", "1,5\xa0KB"),
    }


def test_tests_use_the_same_pinned_versions_as_an_installation() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z][\w.-]*==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") - pins("requirements-dev.txt") == set()
    assert "icalendar" in "".join(pins("requirements.txt"))


def test_requirements_are_installed_without_dependencies_and_checked_afterwards() -> None:
    """Without --no-deps pip resolves the extras of pinned packages again, and finds versions that are not locked."""
    written = "\n".join((ROOT / name).read_text() for name in ("Makefile", "Dockerfile"))

    installs = re.findall(r"pip install .*?--require-hashes.*?requirements[\w-]*\.txt(.*\n.*\n.*)", written)

    assert len(installs) == len(re.findall(r"pip install .*?requirements", written)) == 4
    assert [install for install in installs if "pip check" not in install] == []
    assert re.findall(r"--require-hashes (?!--no-deps)", written) == []


def test_every_citation_of_the_design_leads_to_a_section_or_rule() -> None:
    design = (ROOT / "docs/design.md").read_text()
    sections = set(re.findall(r"^## (\d+)\. ", design, re.MULTILINE))
    rules = set(re.findall(r"^(\d+)\. ", design, re.MULTILINE))

    cited = {(path, kind, number) for path in _project_files() for kind, number in _citations(path.read_text())}

    known = {("section", number) for number in sections} | {("rule", number) for number in rules}
    assert {"5", "8", "9"} <= sections
    assert rules == {str(number) for number in range(1, 23)}
    assert len(cited) > 50
    assert [one for one in cited if one[1:] not in known] == []


def _project_files() -> Iterator[Path]:
    for folder in ("rcm_webinar", "sessions_app", "registrations", "bench", "tests", "templates", "docs"):
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".html", ".txt", ".md"})
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml"))


def _citations(text: str) -> Iterator[tuple[str, str]]:
    """Yield what `text` cites, as ("section", "5") for "design §5", and ("rule", "8") for "rule 8"."""
    yield from (("section", number) for number in re.findall(r"design §(\d+)", text))
    for numbers in re.findall(r"\brules? (\d+(?:(?:, | and | to )\d+)*)", text, re.IGNORECASE):
        yield from (("rule", number) for number in re.findall(r"\d+", numbers))


@pytest.mark.parametrize("path", sorted(ROOT.glob("static/css/*.css")), ids=lambda path: path.name)
def test_every_brace_of_a_style_sheet_is_closed(path: Path) -> None:
    """A browser ignores everything after an open brace without an error."""
    depth = 0
    for number, line in enumerate(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).splitlines(), 1):
        # In these style sheets every rule begins at the start of a line, and only declarations are indented.
        assert not (depth and re.match(r"[.#@a-z]", line)), number
        depth += line.count("{") - line.count("}")
        assert depth >= 0, number

    assert depth == 0


def test_each_path_that_is_run_on_sqlite_or_at_full_size_exists() -> None:
    assert [path for path in (*CAN_DIFFER, *WITH_SIZES) if not (ROOT / path).exists()] == []
