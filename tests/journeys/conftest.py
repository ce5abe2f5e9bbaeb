"""Fixtures of the journeys: a running demo and Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests import servers
from tests.journeys.mailbox import Mailbox
from tests.running_demo import running_demo

# The whole journey waits for plans and for held mail several times. With a fresh clone it runs with the defaults.
HURRIED = {"PLAN_EVERY_SECONDS": "5", "CHANGE_HOLD_SECONDS": "5"}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mailbox]]:
    """Yield the URL and the mailbox of the demo of RCM_JOURNEY_URL, or of one that is started here."""
    if url := os.environ.get("RCM_JOURNEY_URL"):
        yield url, Mailbox(Path(os.environ["RCM_JOURNEY_MAIL"]))
        return
    with running_demo(tmp_path_factory.mktemp("journey") / "demo", **HURRIED) as demo:
        yield demo.url, Mailbox(demo.folder / "mail")


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start the installed Chromium, without its sandbox if this is root."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=servers.chromium_path(), args=arguments) as launched:
        yield launched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the whole story first, since it takes longest, and the pages last, so that their data are built once."""
    items.sort(key=lambda item: (item.path.name != "test_whole_story.py", item.path.parent.name == "pages"))
