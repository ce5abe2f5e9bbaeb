# One image for the three processes; compose.yaml says what each runs.
FROM python:3.13-slim

RUN useradd --system --home /app rcm && mkdir /media && chown rcm /media
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt && pip check

COPY manage.py ./
COPY rcm_webinar rcm_webinar
COPY sessions_app sessions_app
COPY registrations registrations
COPY templates templates
COPY static static
COPY locale locale
# The demo's defaults stand in for the settings, which exist only when a container starts.
RUN RCM_DEMO=1 RCM_DEMO_DIR=/tmp/build STATIC_ROOT=/app/staticfiles STATICFILES_MANIFEST=1 \
    python manage.py collectstatic --noinput && rm -rf /tmp/build

USER rcm
EXPOSE 8000
CMD ["gunicorn", "--config", "python:rcm_webinar.gunicorn", "rcm_webinar.wsgi"]
