from pathlib import Path

import pytest


@pytest.fixture
def mail_folder(settings, tmp_path: Path) -> Path:
    """Mail goes into files there."""
    settings.EMAIL_BACKEND = "rcm_webinar.demo.mail.EmlFileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"
