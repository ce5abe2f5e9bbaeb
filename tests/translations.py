"""`make lint` checks that every text for people has a Spanish translation, and that the compiled catalogue is current.

The texts are collected anew from the source, which needs gettext; without it that part is left out and named.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/es/LC_MESSAGES/django.po")
Key = tuple[str | None, str]
# Each thing has one name: lugar por cubrir, Secretaría, seminario web, suplente, registro, agregar.
OTHER_WORDS = re.compile(
    r"\bvacantes?\b|\blugar(?:es)? vac|\bsecretaría\b|\bseminarios?\b(?! web)|\baltern[oa]s?\b|\binscripci"
    r"|\b[Aa]ñad|\bPro Tempore|\bexitosamente"
)


def main() -> int:
    catalogue = polib.pofile(str(ROOT / CATALOGUE))
    problems = [f"not translated: {entry.msgid!r}" for entry in catalogue if not entry.translated()]
    problems += [f"another word than elsewhere: {text!r}" for entry in catalogue for text in others_in(entry)]
    problems += [f"to be looked at again: {entry.msgid!r}" for entry in catalogue.fuzzy_entries()]
    if texts(polib.mofile(str(ROOT / CATALOGUE.with_suffix(".mo")))) != texts(catalogue):
        problems.append(f"{CATALOGUE.with_suffix('.mo')} is behind {CATALOGUE}")
    if shutil.which("xgettext"):
        in_source, in_catalogue = set(collected()), set(texts(catalogue))
        problems += [f"not in the catalogue: {text!r}" for _, text in sorted(in_source - in_catalogue, key=str)]
        problems += [f"not in the source any more: {text!r}" for _, text in sorted(in_catalogue - in_source, key=str)]
    else:
        print("Left out: whether the catalogue holds every text needs gettext (Debian: apt install gettext).")
        if os.environ.get("RCM_TEST_REQUIRE_ALL") == "1":
            return 1
    for problem in problems:
        print(problem)
    print("`make messages` collects and compiles." if problems else f"{len(catalogue)} texts, all translated.")
    return 1 if problems else 0


def others_in(entry: polib.POEntry) -> list[str]:
    """Return the Spanish texts of `entry` that call a thing by another name than the rest does."""
    return [text for text in (entry.msgstr, *entry.msgstr_plural.values()) if OTHER_WORDS.search(text)]


def texts(catalogue: "polib.POFile | polib.MOFile") -> dict[Key, object]:
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in catalogue if entry.msgid}


def collected() -> dict[Key, object]:
    """Return the texts that `make messages` would collect from the files that git tracks."""
    with tempfile.TemporaryDirectory(prefix="rcm-messages-") as scratch:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py", "*.html", "*.txt"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).exists():
                (target := Path(scratch, name)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        Path(scratch, "locale").mkdir()
        subprocess.run(
            ["make", "-s", "-f", ROOT / "Makefile", "collect-messages", f"BIN={ROOT / '.venv/bin'}"],
            cwd=scratch,
            check=True,
        )
        return texts(polib.pofile(str(Path(scratch, CATALOGUE))))


if __name__ == "__main__":
    sys.exit(main())
