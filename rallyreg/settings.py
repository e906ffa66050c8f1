"""How the site is put together. Whatever a deployment sets comes from the environment, read here and nowhere else."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from rallyreg import environment as env
from rallyreg.embedded import postgres_socket_dir, valkey_socket

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env.text("RALLYREG_STATE_DIR", str(BASE_DIR / "var"))).resolve()

# Without DATABASE_URL this is one machine that looks after itself: embedded servers, keys made on first use.
EMBEDDED = not env.text("DATABASE_URL")
DEBUG = env.flag("DEBUG", EMBEDDED)
KEYS_DIR = STATE_DIR / "keys" if DEBUG else None

ROLES = ("public", "console", "tally", "mailroom", "announcer", "owner")
ROLE = env.text("RALLYREG_ROLE", "owner")

SECRET_KEY = env.text("SECRET_KEY") or (env.encode(env.key("SECRET_KEY", KEYS_DIR)) if DEBUG else "")
SITE_URLS = [url.rstrip("/") for url in env.words("SITE_URLS", "http://127.0.0.1:8000" if DEBUG else "")]
CONSOLE_URL = env.text("CONSOLE_URL", "http://127.0.0.1:8001" if DEBUG else "").rstrip("/")
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
FEATURED_RALLY = env.text("FEATURED_RALLY")
MAIL_FROM = env.text("MAIL_FROM", "letters@example.org" if DEBUG else "")
EMAIL_URLS = env.words("EMAIL_URLS")

# Keys. Only the mailroom may hold the second and third; checks.py says so where DEBUG is off.
SIGNING_KEY = env.key("SIGNING_KEY", KEYS_DIR)
_MAILROOM_KEYS_DIR = KEYS_DIR if ROLE in {"mailroom", "owner"} else None
FINGERPRINT_KEY = env.key("FINGERPRINT_KEY", _MAILROOM_KEYS_DIR)
MAILROOM_KEY = env.keys_by("MAILROOM_KEY")  # by epoch
MAILROOM_PUBLIC_KEYS = env.keys_by("MAILROOM_PUBLIC_KEYS")  # by epoch; the last is the one to seal to
if KEYS_DIR and not MAILROOM_PUBLIC_KEYS:
    _private, _public = env.mailroom_pair(KEYS_DIR)
    MAILROOM_KEY = {"1": _private} if _MAILROOM_KEYS_DIR else {}
    MAILROOM_PUBLIC_KEYS = {"1": _public}
RALLY_PUBLIC_KEYS = env.keys_by("RALLY_PUBLIC_KEYS")  # by slug

# Publishing, planning, announcing (DESIGN: life of a rally).
PUBLISH_ROUND_TOTAL = env.number("PUBLISH_ROUND_TOTAL", 1)
PUBLISH_STEP = env.number("PUBLISH_STEP", 10)
PUBLISH_MIN_CITY = env.number("PUBLISH_MIN_CITY", 20)
POLL_SECONDS = env.number("POLL_SECONDS", 10)
PLAN_MIN_DAYS = env.number("PLAN_MIN_DAYS", 0 if DEBUG else 3)
ANNOUNCE_HOURS = env.text("ANNOUNCE_HOURS", "0-24" if DEBUG else "10-20")
ANNOUNCE_HOLD = env.number("ANNOUNCE_HOLD", 0 if DEBUG else 15 * 60)  # seconds
SECOND_PERSON = env.text("SECOND_PERSON", "required")
AUTO_UNLOCK = env.flag("AUTO_UNLOCK", DEBUG)  # the announcer opens a 1-of-1 rally key from KEYS_DIR by itself
MAILROOM_RESOLVER = env.words("MAILROOM_RESOLVER")  # addresses of DNS servers; none: no MX check

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rallyreg.apps.ConsoleAdminConfig",
    "rallyreg.apps.RallyregConfig",
    "leaflet",
    "csp",
    "maps",
    "pledges",
]
AUTH_USER_MODEL = "pledges.Staff"

_FIRST = [
    "rallyreg.middleware.every_answer",
    "rallyreg.middleware.known_host",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",  # for browsers too old for frame-ancestors
]
CONSOLE_MIDDLEWARE = [
    *_FIRST,
    "django.middleware.locale.LocaleMiddleware",
    "rallyreg.middleware.clear_errors",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
# The public site knows no session, no staff and no cookie.
PUBLIC_MIDDLEWARE = [
    *_FIRST,
    "rallyreg.middleware.PackedPages",
    "rallyreg.middleware.language_of_path",
    "rallyreg.middleware.clear_errors",
    "rallyreg.middleware.same_origin",
]
ROOT_URLCONF = "rallyreg.console_urls" if ROLE == "console" else "rallyreg.public_urls"
MIDDLEWARE = CONSOLE_MIDDLEWARE if ROLE == "console" else PUBLIC_MIDDLEWARE

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Never the debug templates: they would show what a visitor typed, and leaflet serves its 448 KB source.
            "debug": False,
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
            if ROLE in {"console", "owner"}
            else ["django.template.context_processors.request", "django.template.context_processors.i18n"],
        },
    }
]
WSGI_APPLICATION = "rallyreg.wsgi.application"

_HERE = f"postgresql:///rallyreg?host={postgres_socket_dir(STATE_DIR)}&port=5432&user=rallyreg"
DATABASES = {"default": env.database(env.text("DATABASE_URL") or _HERE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL") or f"unix://{valkey_socket(STATE_DIR)}?db=0"
CACHES = {
    "default": {
        "BACKEND": "rallyreg.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rallyreg",
        "OPTIONS": {
            "socket_timeout": 0.25,
            "socket_connect_timeout": 0.25,
            "serializer": "rallyreg.cache.JsonSerializer",
        },
    }
}
RATELIMIT_USE_CACHE = "default"
RATELIMIT_FAIL_OPEN = True  # Redis away: the pledge is still taken
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]  # our cache is Redis, which increments atomically
if ROLE != "console":  # Django's admin is served there only, and there the checks hold
    SILENCED_SYSTEM_CHECKS += [f"admin.E{number}" for number in (402, 404, 408, 409, 410)]

CELERY_BROKER_URL = env.celery_broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 1_000_000  # or Celery closes the connection around every task
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = {
    "pledges.tasks.tally_*": {"queue": "tally"},
    "pledges.tasks.mail_*": {"queue": "mail"},
    "pledges.tasks.announce_*": {"queue": "announce"},
}
CELERY_BEAT_SCHEDULE = {
    "tally": {"task": "pledges.tasks.tally_tick", "schedule": 1.0, "options": {"expires": 5}},
    "rallies": {"task": "pledges.tasks.tally_rallies", "schedule": 1.0, "options": {"expires": 5}},
    "mail": {"task": "pledges.tasks.mail_waiting", "schedule": 1.0, "options": {"expires": 5}},
    "tidy": {"task": "pledges.tasks.mail_tidy", "schedule": 5.0, "options": {"expires": 5}},
    "expire": {"task": "pledges.tasks.mail_expire", "schedule": 600.0, "options": {"expires": 300}},
    "announce": {"task": "pledges.tasks.announce_letters", "schedule": 1.0, "options": {"expires": 5}},
}

ALLOWED_HOSTS = [urlsplit(url).hostname or "" for url in [*SITE_URLS, CONSOLE_URL] if url]
if DEBUG:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
APPEND_SLASH = True
SECURE_REFERRER_POLICY = "same-origin"  # no-referrer would make same-origin posts send "Origin: null"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_HSTS_SECONDS = 0 if DEBUG else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
X_FRAME_OPTIONS = "DENY"
# The place of a visitor is asked for by a press on the map alone, and stays in the browser.
PERMISSIONS_POLICY = (
    "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), hid=(), midi=(), browsing-topics=()"
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 if ROLE != "console" else 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
FILE_UPLOAD_HANDLERS: list[str] = []  # nobody sends us files, and Django would write them to a disk whole
SESSION_COOKIE_NAME = "console-session" if DEBUG else "__Host-console"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "pledges.console.entrance.csrf_failure"
SESSION_COOKIE_AGE = 8 * 60 * 60
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "dashboard", "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = env.text("TIME_ZONE", "Europe/Moscow")

STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
_STATIC_HASHED = "rallyreg.storage.HashedStaticFiles"
STORAGES = {"staticfiles": {"BACKEND": _STATIC_HASHED if env.flag("STATIC_HASHED", not DEBUG) else _STATIC}}
# The operator's own map instead of ours, from this site only: raster tiles, or an archive of PMTiles with its reader.
MAP_TILES = env.text("MAP_TILES")  # such as /tiles/{z}/{x}/{y}.png
MAP_PMTILES = env.text("MAP_PMTILES")
MAP_PMTILES_SCRIPT = env.text("MAP_PMTILES_SCRIPT")  # a static file: protomaps-leaflet's build for <script>
MAP_ATTRIBUTION = env.text("MAP_ATTRIBUTION")
DISPUTED_BORDERS = env.text("DISPUTED_BORDERS", "dashed")
LEAFLET_CONFIG: dict[str, Any] = {
    # The default is a third party's tile server, which would learn every visitor's address.
    "TILES": [("map", MAP_TILES, {"attribution": MAP_ATTRIBUTION})] if MAP_TILES else [],
    "PLUGINS": {"pmtiles": {"js": [MAP_PMTILES_SCRIPT], "auto-include": True}} if MAP_PMTILES_SCRIPT else {},
    "ATTRIBUTION_PREFIX": '<a href="https://leafletjs.com">Leaflet</a>',  # chosen, so that no flag comes by accident
    "RESET_VIEW": False,
    "DEFAULT_CENTER": (60.0, 60.0),
    "DEFAULT_ZOOM": 3,
    "MIN_ZOOM": 2,
    "MAX_ZOOM": 10,
    "SCALE": None,
}

# Nothing about a visitor is logged: no path, no address, no message of an exception, which may quote what was typed.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": sys.stderr},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["nowhere"], "propagate": False},  # would print paths, that is tokens
        "django.security": {"handlers": ["nowhere"], "propagate": False},  # would print foreign hosts
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "mail.log": {"handlers": ["nowhere"], "propagate": False},  # aiosmtpd's, which prints envelopes
    },
}
