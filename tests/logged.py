"""What the product logged during a test."""

import pytest


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The fields of each warning of ours, besides those that every line has."""
    return _fields(caplog, "WARNING")


def errors_in(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The same of each error."""
    return _fields(caplog, "ERROR")


def _fields(caplog: pytest.LogCaptureFixture, level: str) -> list[dict[str, object]]:
    lines = [record.msg for record in caplog.records if record.levelname == level]
    everywhere = {"level", "logger", "timestamp"}
    return [{name: line[name] for name in line if name not in everywhere} for line in lines if isinstance(line, dict)]
