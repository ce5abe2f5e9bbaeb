"""Makes the font of the pages from an open one: `make font` (needs npm).

The result is a Latin subset of Source Sans 3 with the weights 400 to 700. Its licence, the SIL Open Font License 1.1,
reserves the name "Source" for the original, so a changed copy must have another name.
"""

import hashlib
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import OverlapMode, instantiateVariableFont

PACKAGE = "@fontsource-variable/source-sans-3@5.3.1"
FILE = "package/files/source-sans-3-latin-wght-normal.woff2"
SHA256 = "19143dca075972bc84e3fd9eab7416dd40cc565dccb2435a044bdfabe060c7d5"
LICENCE = "package/LICENSE"
FOLDER = Path(__file__).resolve().parent.parent / "static/fonts"
# The characters that pages in English and Spanish need; `unicode-range` in static/css/tokens.css names the same ones.
UNICODES = (
    "U+20-7E, U+A0-FF, U+131, U+152-153, U+2013-2014, U+2018-2019, U+201C-201E, U+2022, U+2026, U+2039-203A, "
    "U+20AC, U+2122, U+2212"
)
# Figures have one width by default; `pnum` is there for a text that needs the others.
FEATURES = ["kern", "liga", "ccmp", "locl", "pnum"]
WEIGHTS = (400, 700)
FAMILY, POSTSCRIPT_NAME = "Conference Sans", "ConferenceSans"
ABOUT = """\
Conference Sans is a Latin subset, with the weights 400 to 700, of Source Sans 3. `make font` makes it.

{copyright}

"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        npm_pack = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, PACKAGE]
        subprocess.run(npm_pack, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            source, licence = (_read(package, name) for name in (FILE, LICENCE))
    if hashlib.sha256(source).hexdigest() != SHA256:
        raise SystemExit(f"{FILE} of {PACKAGE} is not the file that this program was written for.")
    font = make_font(source)
    FOLDER.mkdir(exist_ok=True)
    font.save(FOLDER / "conference-sans.woff2")
    # The package has one more line before the licence, which does not name the owner of this font.
    terms = licence.decode()[licence.decode().index("This Font Software is licensed") :]
    about = ABOUT.format(copyright=font["name"].getDebugName(0))
    (FOLDER / "conference-sans-OFL.txt").write_text(about + terms, encoding="utf-8")


def _read(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(name)
    assert file is not None
    return file.read()


def make_font(source: bytes) -> TTFont:
    """Return the subset of the variable font `source` under its new name; the same input gives the same bytes."""
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    # Without hints: screens of today do not need them, and they take a tenth of the file.
    options = Options(layout_features=FEATURES, hinting=False, recalc_timestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=parse_unicodes(UNICODES.replace("U+", "")))
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"wght": WEIGHTS}, overlap=OverlapMode.KEEP_AND_DONT_SET_FLAGS)
    names = {1: FAMILY, 2: "Regular", 3: f"{FAMILY} subset", 4: FAMILY, 6: POSTSCRIPT_NAME}
    for name_id, name in names.items():
        font["name"].setName(name, name_id, platformID=3, platEncID=1, langID=0x409)
    # The typographic family and style, which only families with more than four styles need.
    font["name"].names = [record for record in font["name"].names if record.nameID not in {16, 17}]
    font.flavor = "woff2"
    return font


if __name__ == "__main__":
    main()
