"""The product's settings, with the bare views beside its pages."""

from rcm_webinar.settings import *  # noqa: F403

ROOT_URLCONF = "bench.adding"
