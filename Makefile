# `make demo` is all a visitor needs; `make help` lists the rest.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Where `make test` finds its libraries: with DJANGO=6.1 in an environment of its own, with that version of Django.
PYTHON_VERSION = $(shell $(PYTHON) -c 'import platform; print(platform.python_version())')
TEST_VENV := $(if $(DJANGO),.venv-django$(DJANGO)-python$(PYTHON_VERSION),.venv)

# What `check --deploy` is asked about: an installation as docs/settings.md describes it, with sample values.
PRODUCTION_LIKE := RCM_DEMO=0 DATABASE_URL=postgres://rcm:sample@db.example.org/rcm CACHE_URL=redis://redis.example.org/1 \
	CELERY_BROKER_URL=redis://redis.example.org/0 EMAIL_URL=smtp+tls://webinars:sample@smtp.example.org:587 \
	SECRET_KEY=a-sample-for-the-deployment-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	MESSAGE_ID_KEY=another-sample-for-the-deployment-check-0123456789-abcdefghijkl \
	ALLOWED_HOSTS=webinars.example.org BASE_URL=https://webinars.example.org \
	DEFAULT_FROM_EMAIL=webinars@example.org MEDIA_ROOT=/srv/rcm-webinar/media TRUSTED_PROXY_COUNT=1
# What the tools that load our settings run with; nothing is connected to.
SETTINGS := RCM_DEMO=1

# Containers often set it: each process that starts would then compile every module and every test again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv dev demo demo-reset test drills lint format messages collect-messages bench screenshots font serve requirements

help:
	@echo "make demo         the whole product on this machine, at http://127.0.0.1:$(PORT)/ (PORT=8001 for another port)"
	@echo "make demo-reset   forget everything the demo has stored"
	@echo "make test         the tests; says what it left out and how to switch it on"
	@echo "                  (make test DJANGO=6.1 PYTHON=python3.12: on another Django and Python)"
	@echo "make drills       what lasts longer: the faults and races at full size, and the tests on the newest Django"
	@echo "make lint         format, rules, types, import contracts, migrations, templates, translations, deployment check"
	@echo "make format       put the code into its format"
	@echo "make messages     collect the texts for people into the Spanish catalogue, and compile it (needs gettext)"
	@echo "make bench        the measurements, as ratios (ARGS=sending for one part)"
	@echo "make screenshots  the pictures of docs/screenshots, made anew"
	@echo "make font         the font of the pages, made anew from the open one (needs npm)"
	@echo "make serve        the three processes of an installation"
	@echo "make requirements resolve the pinned requirements again (needs uv)"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "Python 3.11 to 3.14 is needed. Name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.runtime: requirements.txt | $(BIN)/python
	@echo "Installing the requirements ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	@$(BIN)/python -m pip check
	@touch $@

.venv/.dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing the requirements of development ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@$(BIN)/python -m pip check
	@touch $@

# The requirements of development, and then the other Django, whose hash no requirements know.
.venv-django%/.dev: requirements-dev.txt
	@echo "Making $(@D) ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check 'Django~=$(DJANGO).0'
	@$(@D)/bin/python -m pip check
	@touch $@

venv: .venv/.runtime
dev: .venv/.dev

demo: venv
	@RCM_DEMO=1 PORT=$(PORT) exec $(BIN)/python -m rcm_webinar.demo

demo-reset: venv
	@RCM_DEMO=1 $(BIN)/python -m rcm_webinar.demo --reset

test: $(TEST_VENV)/.dev
	@$(TEST_VENV)/bin/python -m tests.run $(ARGS)

drills: dev
	@$(BIN)/python -m tests.drills $(ARGS)

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(SETTINGS) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry --no-ansi .
	$(SETTINGS) $(BIN)/python manage.py makemigrations --check --dry-run
	git ls-files -z -- 'templates/*.html' | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/python -m tests.translations
	$(PRODUCTION_LIKE) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files -z -- 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2

messages: dev collect-messages
	$(SETTINGS) $(BIN)/python manage.py compilemessages --ignore '.venv*' --verbosity 0

collect-messages:
	@$(SETTINGS) $(BIN)/python manage.py makemessages --locale es --no-obsolete --add-location file --verbosity 0 \
		--ignore '.venv*' --ignore var --ignore 'tests/*' --ignore 'bench/*'

bench: dev
	@$(BIN)/python -m tests.run --bench $(ARGS)

screenshots: dev
	@rm -rf docs/screenshots
	@RCM_SCREENSHOTS=docs/screenshots $(BIN)/python -m tests.run --only chromium tests/journeys/pages/test_every_page.py tests/journeys/test_empty_webinar.py -k axe

font: dev
	@$(BIN)/python tools/make_font.py

serve:
	@echo "An installation runs these three, each with the settings of docs/settings.md in its environment:"
	@echo
	@echo "  gunicorn --config python:rcm_webinar.gunicorn rcm_webinar.wsgi"
	@echo "  celery -A rcm_webinar worker --loglevel INFO --without-gossip --without-mingle"
	@echo "  celery -A rcm_webinar beat"
	@echo
	@echo "compose.yaml runs them with PostgreSQL and Redis: docker compose up"

requirements:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev --constraint requirements.txt pyproject.toml -o requirements-dev.txt
