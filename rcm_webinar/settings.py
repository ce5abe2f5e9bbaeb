"""Django's settings, all from the environment (see `env.py` and `docs/settings.md`)."""

import tempfile
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from rcm_webinar import env
from rcm_webinar.logs import configure_logging

BASE_DIR = env.BASE_DIR
RCM_DEMO = env.DEMO
RCM_DEMO_DIR = env.DEMO_DIR
DEBUG = False

SECRET_KEY = env.required("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.secret_list("SECRET_KEY_FALLBACKS")
MESSAGE_ID_KEY = env.required("MESSAGE_ID_KEY")
ALLOWED_HOSTS = env.required_list("ALLOWED_HOSTS")
BASE_URL = env.required("BASE_URL").rstrip("/")
IS_HTTPS = urlsplit(BASE_URL).scheme == "https"
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", default=0)

for name, key in (("SECRET_KEY", SECRET_KEY), ("MESSAGE_ID_KEY", MESSAGE_ID_KEY)):
    if not RCM_DEMO and len(key) < 50:
        raise env.InvalidSetting(f"{name} is shorter than 50 characters: take a longer random one.")
if MESSAGE_ID_KEY in (SECRET_KEY, *SECRET_KEY_FALLBACKS):
    raise env.InvalidSetting("MESSAGE_ID_KEY equals SECRET_KEY or an earlier one: take another, which never changes.")
BASE_HOST = urlsplit(BASE_URL).hostname
if not BASE_URL.startswith(("https://", "http://")) or not BASE_HOST:
    raise env.InvalidSetting("BASE_URL must begin with https:// or http:// and name a host.")
if "*" in ALLOWED_HOSTS:
    raise env.InvalidSetting("ALLOWED_HOSTS must name the hosts: links in mails are made with the one that was asked.")
if BASE_HOST not in {host.strip("[]").lstrip(".") for host in ALLOWED_HOSTS}:
    raise env.InvalidSetting("BASE_URL names a host that is not in ALLOWED_HOSTS: links in mails would not open.")
if RCM_DEMO and BASE_HOST not in {"127.0.0.1", "localhost", "::1"}:
    raise env.InvalidSetting(
        "RCM_DEMO=1 is for this machine alone: its password is public. BASE_URL names another host."
    )

ROOT_URLCONF = "rcm_webinar.urls"
WSGI_APPLICATION = "rcm_webinar.wsgi.application"
AUTH_USER_MODEL = "registrations.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "registrations.apps.RegistrationsConfig",
    "sessions_app.apps.SessionsAppConfig",
    "rcm_webinar.apps.ProjectConfig",
    "rcm_webinar.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_structlog",
]

MIDDLEWARE = [
    "rcm_webinar.logs.RequestLogMiddleware",
    "rcm_webinar.health.HealthCheckMiddleware",
    "rcm_webinar.accounts.NeverCacheSignInMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "rcm_webinar.headers.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "rcm_webinar.languages.LanguageCookieMiddleware",
    "rcm_webinar.uploads.RequestSizeLimitMiddleware",
    "django.middleware.common.CommonMiddleware",
    "rcm_webinar.resubmit_after_sign_in.ResubmitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "rcm_webinar.uploads.FailedUploadMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rcm_webinar.context_processors.of_every_page",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# Data -------------------------------------------------------------------------------------------

DATABASES = {"default": env.database_settings()}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL and IMMEDIATE let the web process, the worker and beat of the demo share one file.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.integer("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A pooler in transaction mode gives each statement another connection, on which a server-side cursor is unknown.
    # Django opens one for `iterator()` and for the choices of every form field that offers rows.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True

DATABASE_CACHE = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "rcm_webinar_cache",
    # More than the rate limits can fill in their windows: a full table deletes counts at random.
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
CACHE_URL = env.cache_url()
CACHES = {"database": DATABASE_CACHE}
if CACHE_URL == "database":
    CACHES["default"] = DATABASE_CACHE
else:
    # Sign-in limits live in the shared cache; without Redis they fail over to the database.
    CACHES["default"] = {"BACKEND": "rcm_webinar.cache.FailoverCache", "LOCATION": CACHE_URL}
SESSION_ENGINE = "rcm_webinar.sessions"

# Uploads ----------------------------------------------------------------------------------------

# Private: no URL serves the folder; views serve each file after checking who may read it.
MEDIA_ROOT = env.required("MEDIA_ROOT")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = ["rcm_webinar.uploads.BoundedUploadHandler"]
LARGEST_UPLOAD = 10 * 1024 * 1024
# A larger request is not read at all. A file between the two limits is counted, so that the page can state its size.
LARGEST_REQUEST = 4 * LARGEST_UPLOAD
# No form has more than one file.
DATA_UPLOAD_MAX_NUMBER_FILES = 2

# Languages and hours ----------------------------------------------------------------------------

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "rcm_webinar.formats"

# Static files -----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.read.str("STATIC_ROOT", default=str((RCM_DEMO_DIR if RCM_DEMO else BASE_DIR) / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
if Path(MEDIA_ROOT).resolve().is_relative_to(Path(STATIC_ROOT).resolve()):
    raise env.InvalidSetting("MEDIA_ROOT lies within STATIC_ROOT: everybody could read what is uploaded.")
WHITENOISE_USE_FINDERS = RCM_DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if not env.read.bool("STATICFILES_MANIFEST", default=not RCM_DEMO)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Mail -------------------------------------------------------------------------------------------

MAIL = env.mail_settings()
vars().update(MAIL)
# The folder of a backend that writes mail into files; empty for other backends.
EMAIL_FILE_PATH: str = MAIL.get("EMAIL_FILE_PATH", "")
DEFAULT_FROM_EMAIL = env.required("DEFAULT_FROM_EMAIL")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The time-out of each reply of the mail server. A message takes five replies (MAIL, RCPT, DATA, the text, its end), and
# all must fit into the lease of a claimed delivery, so that a slow server never causes a second copy.
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", default=20)
REPLIES_PER_MESSAGE = 5
SIGN_IN_EMAIL_TIMEOUT = 5
# The mailbox from which answers and bounces are read; empty if none is.
INBOX_URL = env.inbox_url()
# The server whose Authentication-Results header is believed (RFC 8601); empty if none is.
INBOX_AUTHSERV_ID = env.matching("INBOX_AUTHSERV_ID", r"[A-Za-z0-9._-]+", "a host name such as mx.example.org")
# The address to which mail comes back, before "+" and a token are inserted; empty for the sender itself. The token
# takes most of the 64 characters that a local part may have (RFC 5321 section 4.5.3.1.1).
BOUNCE_ADDRESS = env.matching(
    "BOUNCE_ADDRESS",
    r"[A-Za-z0-9._-]{1,25}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    "an address such as bounces@example.org, without a name and a +, and with 25 characters or fewer before the @",
)
MAIL_PER_MINUTE = env.integer("MAIL_PER_MINUTE", default=0)
DELIVERY_LEASE_SECONDS = env.integer("DELIVERY_LEASE_SECONDS", default=120)
# A focal point's change becomes due this long after the last change to that person.
CHANGE_HOLD_SECONDS = env.integer("CHANGE_HOLD_SECONDS", default=20)
# The number of addresses registered elsewhere that a focal point may try in a day.
ADDRESS_CLASHES_PER_DAY = env.integer("ADDRESS_CLASHES_PER_DAY", default=10)
# New addresses per focal point and day that are mailed without the secretariat's release.
NEW_ADDRESSES_PER_DAY = env.integer("NEW_ADDRESSES_PER_DAY", default=200)
# The column headings of participant reports of Zoom and Teams; text in brackets is ignored.
ATTENDANCE_COLUMNS = {
    "name": env.bar_separated(
        "ATTENDANCE_NAME_COLUMNS",
        default="Name|Full Name|Participant|User Name|Nombre|Nombre completo|Participante|Nombre de usuario",
    ),
    "address": env.bar_separated(
        "ATTENDANCE_ADDRESS_COLUMNS",
        default="User Email|Email|E-mail|Correo electrónico|Correo electrónico del usuario|Correo",
    ),
    "link": env.bar_separated("ATTENDANCE_LINK_COLUMNS", default="Personal Link|Enlace personal"),
    "joined": env.bar_separated(
        "ATTENDANCE_JOINED_COLUMNS",
        default="Join Time|First Join|Hora de ingreso|Hora de entrada|Hora de unión|Primera unión|Primera entrada",
    ),
    "left": env.bar_separated(
        "ATTENDANCE_LEFT_COLUMNS", default="Leave Time|Last Leave|Hora de salida|Última salida|Última hora de salida"
    ),
    "duration": env.bar_separated(
        "ATTENDANCE_DURATION_COLUMNS",
        default=(
            "Duration|Total Duration|In-Meeting Duration|Time in Session"
            "|Duración|Duración total|Duración en la reunión|Tiempo en la sesión|Tiempo en sesión"
        ),
    ),
    "attended": env.bar_separated("ATTENDANCE_ATTENDED_COLUMNS", default="Attended|Asistió|Asistieron"),
}
if "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise env.InvalidSetting("DEFAULT_FROM_EMAIL holds no e-mail address.")
if EMAIL_TIMEOUT * REPLIES_PER_MESSAGE >= DELIVERY_LEASE_SECONDS:
    raise env.InvalidSetting(f"DELIVERY_LEASE_SECONDS must be more than {REPLIES_PER_MESSAGE} times EMAIL_TIMEOUT.")

# Work in the background -------------------------------------------------------------------------

CELERY_BROKER_URL = env.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The broker may be away for a day: a worker never gives up.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A task that waits behind a slow one in the same worker could expire there.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A task that cannot be sent to the broker is dropped at once: beat starts the same work soon.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
    # Beat starts again what is lost with a worker. With acknowledgements, kombu would end a worker that loses the
    # broker while it holds a message.
    "ack_emulation": False,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5,
    # By default kombu retries a lost connection for 6 s, within the request that sends the task.
    "max_retries": 0,
    "interval_start": 0,
}
if CELERY_BROKER_URL.startswith("filesystem://"):
    BROKER_DIR = RCM_DEMO_DIR / "broker"
    for folder in ("queue", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
    }
PLAN_EVERY_SECONDS = env.integer("PLAN_EVERY_SECONDS", default=30)
if not 1 <= PLAN_EVERY_SECONDS <= 60:
    raise env.InvalidSetting("PLAN_EVERY_SECONDS must be from 1 to 60.")
# The default is above 1, so that sending continues when one worker is killed.
SENDERS_AT_ONCE = env.integer("SENDERS_AT_ONCE", default=4)
if SENDERS_AT_ONCE < 1:
    raise env.InvalidSetting("SENDERS_AT_ONCE must be 1 or more.")
CELERY_BEAT_SCHEDULE = {
    "plan": {
        "task": "registrations.tasks.plan",
        "schedule": PLAN_EVERY_SECONDS,
        # It expires before the next one is sent.
        "options": {"expires": max(1, PLAN_EVERY_SECONDS - 2)},
    },
    # Does nothing without INBOX_URL.
    "read_inbox": {
        "task": "registrations.tasks.read_inbox",
        "schedule": 60,
        "options": {"expires": 55},
    },
    # The data of participants, and with them their links, expire at the end of a day in UTC.
    "purge": {
        "task": "registrations.tasks.purge",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"expires": 12 * 60 * 60},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = (
    str(RCM_DEMO_DIR / "beat-schedule")
    if RCM_DEMO
    else env.read.str("BEAT_SCHEDULE_FILE", default=str(Path(tempfile.gettempdir()) / "rcm-webinar-beat-schedule"))
)

# Sign-in ----------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["registrations.permissions.SecretariatBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "registrations:delegations"
ACCOUNT_ADAPTER = "rcm_webinar.accounts.InvitationOnlyAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
# The page of the code says so, see `rcm_webinar/accounts.py`.
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_EMAIL_VERIFICATION = "none"
# The adapter drops this mail; it is built so that an address without an account takes the same time.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
# Per network, per address, and per address and day; allauth's other limits stay as they are.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/m/key,20/d/key",
    "reset_password": "20/m/ip,5/m/key,10/d/key",
}
ACCOUNT_FORMS = {
    "request_login_code": "rcm_webinar.sign_in_forms.RequestLoginCodeForm",
    "confirm_login_code": "rcm_webinar.sign_in_forms.ConfirmLoginCodeForm",
    "reset_password": "rcm_webinar.sign_in_forms.ResetPasswordForm",
}
# Allauth's own generator also queries the addresses of an account, which takes measurable time.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a path
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "rcm_webinar.passkeys.AddPasskeyForm",
    "edit_webauthn": "rcm_webinar.passkeys.EditPasskeyForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
STAFF_NEED_SECOND_FACTOR = not RCM_DEMO

# Safety -----------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = IS_HTTPS
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
# Browsers accept a cookie with this prefix only from this host, over https and for all paths, so no other host of the
# same domain can set one.
COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
SESSION_COOKIE_AGE = 60 * 60 * 12
CSRF_FAILURE_VIEW = "rcm_webinar.resubmit_after_sign_in.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
# The contents of /.well-known/security.txt.
SECURITY_CONTACT = env.contact_uris("SECURITY_CONTACT")
SECURITY_CONTACT_EXPIRES = env.optional_date("SECURITY_CONTACT_EXPIRES")
if bool(SECURITY_CONTACT) != (SECURITY_CONTACT_EXPIRES is not None):
    raise env.InvalidSetting("SECURITY_CONTACT and SECURITY_CONTACT_EXPIRES belong together: set both, or neither.")

# The checks of /readyz besides the database and the broker, by name: functions that take the present time and return a
# JSON object whose "status" is "ok" or "degraded".
READINESS_CHECKS = {
    "schema": "rcm_webinar.schema.schema_readiness",
    "beat": "registrations.health.planning_readiness",
    "deliveries": "registrations.health.delivery_readiness",
    "media": "registrations.health.upload_readiness",
    "inbox": "registrations.health.inbox_readiness",
    "sign_in_mail": "rcm_webinar.background_mail.sign_in_mail_readiness",
}

LOGGING_CONFIG = None
configure_logging(as_json=not RCM_DEMO)
