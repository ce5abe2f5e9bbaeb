"""Word documents built during a test: valid ones and hostile ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def docx(body: str, *, parts: Mapping[str, str] | None = None) -> bytes:
    """A document with `body` as the content of its main part, and other `parts` beside it."""
    content = io.BytesIO()
    document = f'<?xml version="1.0" encoding="UTF-8"?><w:document {W}><w:body>{body}</w:body></w:document>'
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        for name, text in {"word/document.xml": document, **(parts or {})}.items():
            package.writestr(name, text)
    return content.getvalue()


def table(*rows: Sequence[str]) -> str:
    """A table; a cell that begins with "<w:" is its XML."""
    return f"<w:tbl><w:tblPr/>{''.join(map(row, rows))}</w:tbl>"


def row(cells: Sequence[str], properties: str = "") -> str:
    return f"<w:tr>{properties}{''.join(map(cell, cells))}</w:tr>"


def cell(text: str) -> str:
    content = text if text.startswith("<w:") else paragraph(text)
    return f"<w:tc>{content}</w:tc>"


def paragraph(text: str) -> str:
    return f'<w:p w:rsidR="00A1B2C3" w:rsidRDefault="00A1B2C3"><w:pPr/>{run(text)}</w:p>'


def run(text: str) -> str:
    return f'<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
