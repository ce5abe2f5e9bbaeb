"""The running demo and a real Chromium, for the stories."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests import servers
from tests.journeys.mailbox import Mailbox
from tests.running_demo import running_demo

# The story waits for a plan, or for mail that is held, several times. A fresh clone goes through it with the defaults.
HURRIED = {"PLAN_EVERY_SECONDS": "5", "CHANGE_HOLD_SECONDS": "5"}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mailbox]]:
    """The address of a running demo and its mail: the one of RCM_JOURNEY_URL, or one of our own."""
    if url := os.environ.get("RCM_JOURNEY_URL"):
        yield url, Mailbox(Path(os.environ["RCM_JOURNEY_MAIL"]))
        return
    with running_demo(tmp_path_factory.mktemp("journey") / "demo", **HURRIED) as demo:
        yield demo.url, Mailbox(demo.folder / "mail")


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's own Chromium; root may not use its sandbox."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.chromium.launch(executable_path=servers.chromium_path(), args=arguments) as launched:
        yield launched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole story first, which takes longest; the pages last, so that a process builds their world only once."""
    items.sort(key=lambda item: (item.path.name != "test_whole_story.py", item.path.parent.name == "pages"))
