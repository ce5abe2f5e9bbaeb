from pathlib import Path

import pytest


@pytest.fixture
def mail_folder(settings, tmp_path: Path) -> Path:
    """The folder into which the demo's backend writes mail during the test."""
    settings.EMAIL_BACKEND = "rcm_webinar.demo.mail.EmlFileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"
