"""Sets the settings of a test run before Django reads them (loaded by `-p tests.environment`)."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = Path(tempfile.mkdtemp(prefix="rcm-webinar-tests-"))

for name, value in {
    "DATABASE_URL": "sqlite://:memory:",
    "CACHE_URL": "database",
    "CELERY_BROKER_URL": "memory://",
    "EMAIL_URL": "memorymail://",
    "SECRET_KEY": "used-by-tests-alone-and-longer-than-fifty-characters-0123456789",
    "MESSAGE_ID_KEY": "used-by-tests-alone-for-messages-and-longer-than-fifty-characters",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "BASE_URL": "http://testserver",
    "DEFAULT_FROM_EMAIL": "RCM webinars <webinars@example.org>",
    "MEDIA_ROOT": str(SCRATCH / "media"),
    "STATIC_ROOT": str(SCRATCH / "static"),
    "STATICFILES_MANIFEST": "0",
}.items():
    os.environ.setdefault(name, value)

# Each worker of a test run has a cache of its own, in which sign-in attempts are counted.
if os.environ["CACHE_URL"].startswith("redis://"):
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["CACHE_URL"] = f"{os.environ['CACHE_URL'].rpartition('/')[0]}/{1 + worker}"

(SCRATCH / "static").mkdir()
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
