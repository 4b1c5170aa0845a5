"""Settings, all from the environment; docs/server/settings.md lists them, and a test holds the two together."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path

from custrata.config.installed import APPS
from custrata.config.logging import FORMS, logging_settings
from custrata.private import FOLDER, set_private_umask
from custrata.web import environment
from custrata.web.manifest import declared_settings
from custrata.web.static_headers import revalidate_modules

set_private_umask()  # whichever program runs Django: database, keys and exports are the owner's alone
WORKSPACE = Path(environment.text("CUSTRATA_WORKSPACE", "."))
STATE = WORKSPACE / "server"
DEBUG = environment.switch("CUSTRATA_DEBUG")
HTTPS = environment.switch("CUSTRATA_HTTPS")
COOKIE_PREFIX = "__Host-" if HTTPS else ""  # browsers take such a cookie from this host over HTTPS alone
PROXIES = environment.whole_number("CUSTRATA_PROXIES", 1 if HTTPS else 0)
METRICS_TOKEN = environment.text("CUSTRATA_METRICS_TOKEN")
LOGGING = logging_settings(
    form=environment.choice("CUSTRATA_LOG", FORMS, "json"),
    level=environment.choice("CUSTRATA_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
    debug=DEBUG,
)


def _secret_key() -> str:
    """The key of the environment, else that of the workspace, created on first use; not stored without a workspace."""
    configured = environment.text("CUSTRATA_SECRET_KEY")
    if configured:
        return configured
    path = STATE / "secret_key"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(64)
    if (WORKSPACE / "custrata.toml").exists():
        STATE.mkdir(FOLDER, exist_ok=True)
        try:
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
                file.write(key)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
    return key


SECRET_KEY = _secret_key()
# Requests from this machine, such as health probes, are always allowed.
ALLOWED_HOSTS = [*environment.words("CUSTRATA_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.words("CUSTRATA_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
    "ninja",
    "custrata.web",
    *APPS,
]

globals().update(declared_settings(APPS))

MIDDLEWARE = [
    "custrata.web.requests.RequestMiddleware",
    "custrata.web.https.ApiOverHttps",
    "custrata.web.limits.LimitsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "custrata.apps.accounts.views.identification.IdentificationMiddleware",
    "custrata.web.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "custrata.apps.accounts.views.session_activity.SessionActivityMiddleware",
    "custrata.apps.accounts.views.duties.DutiesMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "custrata.config.urls"
WSGI_APPLICATION = "custrata.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "custrata.web.context.page",
            ],
            "builtins": ["custrata.web.templatetags.kit"],
        },
    }
]

DATABASES = {"default": environment.database(f"sqlite:///{(STATE / 'server.sqlite3').resolve()}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue instead of failing halfway, readers never wait, and a power cut loses at most the newest moment.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
        "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
        "PRAGMA foreign_keys=ON",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        "OPTIONS": {"password_list_path": Path(__file__).parents[1] / "apps/accounts/breached_passwords.txt.gz"},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Wrong passwords are counted per person and address: nobody can lock somebody else out from elsewhere. Who tries many
# names from one address, or from many addresses, meets two limits of the app `accounts` within the same time.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "present", "repeated", "code", "email"]
AXES_CLIENT_IP_CALLABLE = "custrata.web.addresses.counted_address"
AXES_USERNAME_CALLABLE = "custrata.apps.accounts.views.current_user.lockout_username"
AXES_LOCKOUT_CALLABLE = "custrata.apps.accounts.views.current_user.lockout_response"
OTP_TOTP_ISSUER = "Custrata"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "web:start"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
USE_TZ = True
TIME_ZONE = "UTC"

# Files are served out of the package, so there is nothing to collect; their addresses change when they do.
STATIC_URL = "/static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "custrata.web.files.ReportStyles",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ROOT = None
WHITENOISE_ADD_HEADERS_FUNCTION = revalidate_modules
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 0 if DEBUG else 31_536_000
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "custrata.web.files.VersionedStorage"},
}


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Kinds of work beside those of the apps; where scheduled backups go, and how many of them stay.
JOBS = ["custrata.config.jobs"]
BACKUPS = Path(environment.text("CUSTRATA_BACKUPS", str(STATE / "backups")))
BACKUPS_KEPT = environment.whole_number("CUSTRATA_BACKUPS_KEPT", 7, least=1)
# The description of the REST API and its page: for who is signed in or has a token, or for everybody.
API_DOCS_OPEN = environment.choice("CUSTRATA_API_DOCS", ("open", "closed"), "closed") == "open"
# How often a token may ask in a minute, in each process by itself.
API_PER_MINUTE = environment.whole_number("CUSTRATA_API_PER_MINUTE", 600, least=1)

# How long a page or an answer may take, until engine and database are interrupted; jobs take as long as they need.
REQUEST_SECONDS = environment.number("CUSTRATA_REQUEST_SECONDS", 30)

SESSION_ENGINE = "custrata.apps.accounts.views.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # the longest a session lasts, however much it is used
IDLE_HOURS = environment.number("CUSTRATA_IDLE_HOURS", 12)
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
THEME_COOKIE_NAME = f"{COOKIE_PREFIX}custrata_theme"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "custrata.web.errors.stale_form"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$", r"^metrics$"]  # asked from inside, without the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
