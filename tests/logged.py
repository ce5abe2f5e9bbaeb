"""Reads the log entries of the product during a test."""

import pytest


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """Return the fields of each warning of the product, without those that every entry has."""
    return _fields(caplog, "WARNING")


def errors_in(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """Return the fields of each error of the product, without those that every entry has."""
    return _fields(caplog, "ERROR")


def _fields(caplog: pytest.LogCaptureFixture, level: str) -> list[dict[str, object]]:
    lines = [record.msg for record in caplog.records if record.levelname == level]
    everywhere = {"level", "logger", "timestamp"}
    return [{name: line[name] for name in line if name not in everywhere} for line in lines if isinstance(line, dict)]
