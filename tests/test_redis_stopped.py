"""Redis stops and starts again under a running installation: no page waits for it, and nothing is lost."""

import os
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

import psycopg2
import pytest

from tests import servers
from tests.installation import Installation
from tests.running_demo import environment

pytestmark = pytest.mark.postgresql

STARTED_WITHIN_SECONDS = 60
# A retried connection to the broker would take 6 s; a busy machine adds less than that.
AT_MOST_LONGER_SECONDS = 4.0
BACK_WITHIN_SECONDS = 180
CODE_WITHIN_SECONDS = 10
PASSWORD = "demo-rcm-2020"
# Its delegation is accepted, so a new delegate is invited at once.
FOCAL_POINT = "focal.mx@example.org"
DELEGATION = "/en/delegations/mass-intra-regional-flows-mexico/"


@dataclass
class Browser:
    """A client that keeps cookies and sends forms as a browser does."""

    url: str
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    )

    def post(self, path: str, **fields: str) -> tuple[str, float]:
        """Submit the form at `path`; return the URL of the response, and the seconds that it took."""
        with self.opener.open(f"{self.url}{path}", timeout=30) as response:
            page = response.read().decode()
        data = urllib.parse.urlencode(initial_values(page) | fields).encode()
        begun = time.monotonic()
        with self.opener.open(urllib.request.Request(f"{self.url}{path}", data), timeout=30) as response:
            response.read()
            return urllib.parse.urlsplit(response.url).path, time.monotonic() - begun


def initial_values(page: str) -> dict[str, str]:
    """Return the CSRF token of the form, if it has one, and the preselected options."""
    secret = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="(\w+)"', page))
    lists = re.findall(r'<select name="(\w+)".*?</select>', page, re.DOTALL)
    chosen = {name: re.search(rf'<select name="{name}".*?value="([^"]+)" selected', page, re.DOTALL) for name in lists}
    return secret | {name: found[1] for name, found in chosen.items() if found}


@contextmanager
def installation(folder: Path, redis_url: str, database: str) -> Iterator[tuple[Installation, str]]:
    """Start the three processes on PostgreSQL and Redis, with the demo's data and mail into files; yield the URL."""
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    settings = environment(folder, port) | {
        "DATABASE_URL": database,
        "CACHE_URL": f"{redis_url}/1",
        "CELERY_BROKER_URL": f"{redis_url}/0",
        "BASE_URL": url,
        "GUNICORN_BIND": f"127.0.0.1:{port}",
        "CHANGE_HOLD_SECONDS": "1",
        "PLAN_EVERY_SECONDS": "5",
    }
    with Installation(folder, settings) as running:
        for command in ("migrate", "createcachetable", "seed_demo"):
            running.manage(command)
        running.start_web()
        running.start_worker(concurrency=2)
        running.start_beat()
        running.wait_until(lambda: servers.accepts(port), seconds=STARTED_WITHIN_SECONDS)
        yield running, url


def sign_in(url: str, email: str) -> tuple[Browser, float]:
    browser = Browser(url)
    path, seconds = browser.post("/accounts/login/", login=email, password=PASSWORD)
    assert path.endswith("/delegations/")
    return browser, seconds


def register(browser: Browser, email: str) -> float:
    path, seconds = browser.post(
        f"{DELEGATION}delegates/new/?profile=border-control",
        name="Eva Ejemplo",
        email=email,
        institution="Dirección de muestra",
        timezone="America/Mexico_City",
        language="es",
    )
    assert path == DELEGATION
    return seconds


@pytest.fixture
def own_database() -> Iterator[str]:
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    connection = psycopg2.connect(f"{server}/postgres".replace("postgres://", "postgresql://"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS rcm_redis_stopped")
        cursor.execute("CREATE DATABASE rcm_redis_stopped")
    yield f"{server}/rcm_redis_stopped"
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE rcm_redis_stopped WITH (FORCE)")
    connection.close()


def test_pages_are_quick_without_redis_and_the_invitation_leaves_when_it_is_back(
    tmp_path: Path, own_database: str
) -> None:
    with servers.redis() as redis, installation(tmp_path, redis.url, own_database) as (running, url):
        browser, usual_sign_in = sign_in(url, FOCAL_POINT)
        usual_registration = register(browser, "before@example.org")
        running.wait_until(lambda: "before@example.org" in fully_invited(tmp_path), seconds=BACK_WITHIN_SECONDS)

        redis.end()
        browser, sign_in_without = sign_in(url, FOCAL_POINT)
        code_asked_without, waited_for_the_code = Browser(url).post("/accounts/login/code/", email=FOCAL_POINT)
        running.wait_until(lambda: has_got_a_code(tmp_path, FOCAL_POINT), seconds=CODE_WITHIN_SECONDS)
        # Several requests: each web process has its own connection, which was lost.
        others = [register(browser, f"other{number}@example.org") for number in range(5)]
        asked_without, waited_for_the_link = Browser(url).post("/en/my/", email="before@example.org")
        registration_without = max(register(browser, "without@example.org"), *others)
        kept_waiting = "without@example.org" not in fully_invited(tmp_path)
        redis.start()
        running.wait_until(lambda: "without@example.org" in fully_invited(tmp_path), seconds=BACK_WITHIN_SECONDS)
        # The other two mails are invitations.
        running.wait_until(lambda: recipients(tmp_path).count("before@example.org") == 3, seconds=BACK_WITHIN_SECONDS)

    assert kept_waiting
    assert code_asked_without == "/accounts/login/code/confirm/"
    assert waited_for_the_code < AT_MOST_LONGER_SECONDS
    assert asked_without == "/en/my/asked/"
    assert waited_for_the_link < AT_MOST_LONGER_SECONDS
    assert sign_in_without < usual_sign_in + AT_MOST_LONGER_SECONDS
    assert registration_without < usual_registration + AT_MOST_LONGER_SECONDS


def fully_invited(folder: Path) -> set[str]:
    """Return the addresses that got an invitation to both sessions."""
    to = recipients(folder)
    return {address for address in to if to.count(address) >= 2}


def has_got_a_code(folder: Path, email: str) -> bool:
    mails = [path.read_text() for path in (folder / "mail").glob("*.eml")]
    return any("Subject: Your code to sign in" in mail and f"To: {email}" in mail for mail in mails)


def recipients(folder: Path) -> list[str]:
    """Return the recipient of each mail."""
    return [
        address
        for path in (folder / "mail").glob("*.eml")
        for address in re.findall(r"^To: .*?([\w.]+@example\.org)", path.read_text(), re.MULTILINE)
    ]
