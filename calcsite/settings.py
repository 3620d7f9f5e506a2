"""The one settings file. Every variable it reads is listed in docs/operations.md.

Without any variable it is set up for development on this machine. With DEBUG off it refuses to start without a secret
key, a host list and the address of the site.
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from calcsite.environment import env, flag, mail, names, origin, sender, whole_number

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

# Core

DEBUG = flag("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="not-secret: for development only" if DEBUG else "")
ALLOWED_HOSTS = names("ALLOWED_HOSTS") or (["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
SITE_URL = origin("SITE_URL", default="http://127.0.0.1:8000" if DEBUG else "")

# Earlier keys, whose signatures stay valid while they are listed.
SECRET_KEY_FALLBACKS = names("SECRET_KEY_FALLBACKS")

if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is missing: set it to a long random string, or DEBUG=true for development")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is missing: list the host names of the site, separated by commas")

HTTPS = SITE_URL.startswith("https://")

# Ours come last: calcsite.admin unregisters models of libraries from the admin.
INSTALLED_APPS = [
    "calcsite.signin.apps.StaffAdminConfig",
    "calcsite.signin.apps.StaffAccountsConfig",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_prose_editor",
    "calcsite",
    "conditions",
    "appointments",
]

MIDDLEWARE = [
    # First, so that a cached page is answered before anything else runs.
    "calcsite.web.public_pages.PublicPagesMiddleware",
    # Headers of every response, static files, redirects and errors included.
    "django.middleware.security.SecurityMiddleware",
    "calcsite.web.middleware.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "calcsite.web.middleware.PrivateByDefaultMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "calcsite.web.middleware.ImpossibleValueMiddleware",
    "appointments.privacy.middleware.ReapplyErasuresMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "calcsite.web.middleware.SessionLimitsMiddleware",
]

ROOT_URLCONF = "calcsite.urls"
WSGI_APPLICATION = "calcsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "calcsite.context.clinic",
            ],
        },
    },
]

# Databases

VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'calcsite.sqlite3'}")}
DATABASE_ENGINE = DATABASES["default"]["ENGINE"].rpartition(".")[2]
if DATABASE_ENGINE == "sqlite3":
    # IMMEDIATE: a transaction waits for the write lock when it begins, instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA cache_size=-16000; PRAGMA mmap_size=268435456;"
            "PRAGMA secure_delete=ON;"  # overwrite deleted rows
        ),
    }
    # In a file, as in service: a database in memory has other locks.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
elif DATABASE_ENGINE != "postgresql":
    raise ImproperlyConfigured(f"DATABASE_URL must begin with postgres:// or sqlite:///, not name {DATABASE_ENGINE}")
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A cursor on the server belongs to a session, and a pooler lends its sessions for one transaction.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["CONN_MAX_AGE"] = 600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Second factors' used codes and the limits of password resets live here, so all web processes share it.
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://calcsite_cache")}

# Memory for public pages, in each web process; 0 turns it off.
PUBLIC_PAGES_MEGABYTES = whole_number("PUBLIC_PAGES_MEGABYTES", default=32)

# Authentication

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# Staff are signed out after so many minutes of doing nothing, and so many hours after signing in (ASVS 5.0, 7.3).
SESSION_IDLE_MINUTES = whole_number("SESSION_IDLE_MINUTES", default=30, least=1)
SESSION_HOURS = whole_number("SESSION_HOURS", default=12, least=1)
# Lifetime of a patient's form token and session (WCAG 2.2, 2.2.6 asks for at least 20 hours).
WRITING_HOURS = 24
SESSION_COOKIE_AGE = max(SESSION_HOURS, WRITING_HOURS) * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Signing in; calcsite.signin has the differences from django-allauth
ACCOUNT_ADAPTER = "calcsite.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Passwords and codes are limited by calcsite.signin.throttling, which cannot lock a person out of their own device.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "20/m/ip,5/h/key"}
ACCOUNT_FORMS = {
    "login": "calcsite.signin.forms.SignInForm",
    "change_password": "calcsite.signin.forms.ChangePasswordForm",
    "set_password": "calcsite.signin.forms.FirstPasswordForm",
    "reset_password": "calcsite.signin.forms.ForgottenPasswordForm",
    "reset_password_from_key": "calcsite.signin.forms.NewPasswordForm",
    "reauthenticate": "calcsite.signin.forms.PasswordAgainForm",
}
MFA_ADAPTER = "calcsite.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": None}  # signatures cannot be guessed, and a neighbour could use up the limit
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator enters the address, and there is no sign-up
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # clocks of telephones are not exact (RFC 6238, 5.2); calcsite.signin.forms refuses a used code
MFA_FORMS = {
    "authenticate": "calcsite.signin.forms.CodeForm",
    "reauthenticate": "calcsite.signin.forms.CodeAgainForm",
    "activate_totp": "calcsite.signin.forms.FirstCodeForm",
    "add_webauthn": "calcsite.signin.forms.PasskeyForm",
}

# Language and time

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/London")
USE_I18N = True
USE_TZ = True

# Files

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Documents of patients, and tombstones, which survive a restore of the database. They have no URL either.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": VAR_DIR / "private",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Uploads are written to disk as they come in, and not to /tmp, which on many systems is memory.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
FILE_UPLOAD_HANDLERS = [
    "calcsite.web.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # above any number chosen by mistake, which gets an answer in words

# Records that patients send: how large one file may be, and how large and how many all of an appointment may be.
DOCUMENT_MEGABYTES = whole_number("DOCUMENT_MEGABYTES", default=200, least=1)
DOCUMENTS_MEGABYTES = whole_number("DOCUMENTS_MEGABYTES", default=1024, least=1)
DOCUMENTS_MOST = whole_number("DOCUMENTS_MOST", default=50, least=1)
# clamd, "host:port" or "/path/of/its/socket". If it is set and does not answer, no file is accepted.
CLAMAV_URL = env.str("CLAMAV_URL", default="")
# Retention periods in days (appointments.privacy.retention; docs/operations.md has the reasons)
RETENTION_DAYS = {
    # Unfinished bookings, after the last answer. WCAG 2.2, 2.2.6 asks for at least 20 hours.
    "drafts": whole_number("RETENTION_DRAFTS_DAYS", default=1, least=1),
    # Links, codes and offers, after their end, so that staff can explain why one did not work.
    "secrets": whole_number("RETENTION_SECRETS_DAYS", default=30, least=1),
    # The record, after the last contact: eight years (NHS Records Management Code of Practice, adult health records).
    "appointments": whole_number("RETENTION_APPOINTMENTS_DAYS", default=2922, least=1),
}

# E-mail: every message is first a row, written in the transaction of its cause; the worker sends it

MAIL = mail("EMAIL_URL", default=f"filemail://{VAR_DIR.resolve() / 'mail'}")
EMAIL_FILE_PATH = MAIL.get("EMAIL_FILE_PATH", "")
EMAIL_HOST = MAIL.get("EMAIL_HOST", "")
EMAIL_PORT = MAIL.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = MAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = whole_number("EMAIL_TIMEOUT", default=10, least=1)  # seconds for each answer of the mail server
EMAIL_BACKEND = "calcsite.mail.backend.EmailBackend"  # which writes rows; the worker sends them through this one:
MAIL_SERVER_BACKEND = MAIL["EMAIL_BACKEND"]
MAIL_KEPT_DAYS = whole_number("MAIL_KEPT_DAYS", default=30, least=1)  # sent or not
DEFAULT_FROM_EMAIL = SERVER_EMAIL = sender("DEFAULT_FROM_EMAIL", site=SITE_URL)
MESSAGE_ID_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")  # not the name of a machine of ours

# Messages to staff may name a patient: they are stored in the session, and not in a cookie
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Forms

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
PERMISSIONS_POLICY = {
    name: []
    for name in [
        "camera",
        "display-capture",
        "geolocation",
        "microphone",
        "payment",
        "usb",
        "midi",
        "serial",
    ]
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "calcsite.views.refused_form"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
if HTTPS:
    # __Host- cookies cannot be set by another host or over plain HTTP (ASVS 5.0, 3.3.1).
    SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    # Only behind a reverse proxy that sets the header on every request, and drops the client's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Logging

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "calcsite.security.logs.MaskingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    # The own handlers of these loggers do not mask secrets.
    "loggers": {
        "django": {"handlers": []},
        "django.server": {"handlers": ["console"], "propagate": False},
        "granian.access": {"handlers": ["console"], "propagate": False},
    },
}
