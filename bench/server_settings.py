"""The project's settings with the URL of the bare view that `adding` compares with."""

from rcm_webinar.settings import *  # noqa: F403

ROOT_URLCONF = "bench.adding"
