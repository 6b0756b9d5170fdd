"""Every setting of the portal; each environment variable is read here, once, with its type."""

import secrets
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

# --- where we are ---------------------------------------------------------------------------
DEVELOPMENT: bool = env.bool("PORTAL_DEBUG", False)
DEBUG: bool = env.bool("PORTAL_DJANGO_DEBUG", False)  # tracebacks in pages: never with real data
DATA_DIR = Path(env.str("PORTAL_DATA_DIR", str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

_secret_key: str = env.str("PORTAL_SECRET_KEY", "")
SECRET_KEY_IS_MISSING: bool = not _secret_key and not DEVELOPMENT
# Commands work without a key; whatever serves pages refuses to start (portal.checks).
SECRET_KEY = _secret_key or ("development-only" if DEVELOPMENT else secrets.token_urlsafe(50))
ALLOWED_HOSTS: list[str] = env.list("PORTAL_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("PORTAL_TRUSTED_ORIGINS", [])
HTTP_PORT: int = env.int("PORTAL_HTTP_PORT", 8000)
HTTP_BIND: str = env.str("PORTAL_HTTP_BIND", "127.0.0.1")
# Where people reach the pages: alerts that leave the building lead there.
PUBLIC_ADDRESS: str = env.str(
    "PORTAL_ADDRESS", (CSRF_TRUSTED_ORIGINS or [f"http://localhost:{HTTP_PORT}"])[0]
).rstrip("/")

# --- DICOM ----------------------------------------------------------------------------------
DICOM_AE_TITLE: str = env.str("PORTAL_AE_TITLE", "PORTAL")
DICOM_STORE_AE_TITLE: str = env.str("PORTAL_STORE_AE_TITLE", "PORTAL_STORE")
DICOM_BIND: str = env.str("PORTAL_DICOM_BIND", "127.0.0.1" if DEVELOPMENT else "0.0.0.0")  # noqa: S104
DICOM_PORT: int = env.int("PORTAL_DICOM_PORT", 11112)
DICOM_TLS_PORT: int = env.int("PORTAL_DICOM_TLS_PORT", 2762)
DICOM_TLS_CERT: str = env.str("PORTAL_DICOM_TLS_CERT", "")
DICOM_TLS_KEY: str = env.str("PORTAL_DICOM_TLS_KEY", "")
DICOM_TLS_CA: str = env.str("PORTAL_DICOM_TLS_CA", "")
DICOM_MAX_ASSOCIATIONS: int = env.int("PORTAL_DICOM_MAX_ASSOCIATIONS", 1000)
DICOM_MAX_PER_ADDRESS: int = env.int("PORTAL_DICOM_MAX_PER_ADDRESS", 300)
# "own" serves Verification and Modality Worklist itself, and hands everything else to pynetdicom.
DICOM_STACK: str = env.str("PORTAL_DICOM_STACK", "own")
# Modules with SOP_CLASSES, HANDLERS and FINDS, joined into our one listener (portal/processes.py).
DICOM_SCP_MODULES = [
    "portal.scp",
    "worklist.scp.find",
    "worklist.scp.mpps",
    "worklist.scp.commitment",
    "worklist.scp.availability",
]
# Modules with chapters(): what each has to say in the conformance statement.
DICOM_CONFORMANCE_MODULES = [
    "portal.conformance",
    "worklist.conformance",
    "worklist.conformance_mpps",
    "worklist.conformance_commitment",
    "printing.conformance",
]

# --- worklist -------------------------------------------------------------------------------
QUERY_DAYS: int = env.int("PORTAL_QUERY_DAYS", 90)  # how long recorded queries are kept
# A performed step that has been IN PROGRESS longer is a case to reconcile.
MPPS_OVERDUE_S: int = env.int("PORTAL_MPPS_OVERDUE_S", 4 * 3600)

# --- storage commitment ---------------------------------------------------------------------
# From MPPS COMPLETED until the archive is asked, unless it says before that all images are there.
COMMITMENT_SETTLE_S: int = env.int("PORTAL_COMMITMENT_SETTLE_S", 120)
# How long the test of an archive waits for its report.
COMMITMENT_PROBE_S: int = env.int("PORTAL_COMMITMENT_PROBE_S", 15)
# After how many seconds a modality is told again what became of its own, relayed request.
RELAY_RETRY_S: list[int] = env.list("PORTAL_RELAY_RETRY_S", [30, 60, 300, 900, 3600], subcast=int)

# --- simulated department: page, archive and scanners, on development machines only -----------
SIMULATION: bool = DEVELOPMENT and env.bool("PORTAL_SIMULATION", True)
SIMULATED_ARCHIVE_PORT: int = env.int("PORTAL_SIMULATED_ARCHIVE_PORT", 11710)
SIMULATED_ARCHIVE_DIR = DATA_DIR / "simulated-archive"
# Where scanners of the demonstration department take C-ECHO and commitment reports; 0: nowhere.
SIMULATED_SCANNER_PORT: int = env.int("PORTAL_SIMULATED_SCANNER_PORT", 11201)

# --- printing -------------------------------------------------------------------------------
PRINT_RETRY_S: list[int] = env.list("PORTAL_PRINT_RETRY_S", [30, 60, 120, 300, 600], subcast=int)
PRINT_ACTION_TIMEOUT_S: int = env.int("PORTAL_PRINT_ACTION_TIMEOUT_S", 120)
PRINT_WORKERS: int = env.int("PORTAL_PRINT_WORKERS", 10)  # jobs at once: one per device
PRINT_RENDERERS: int = env.int("PORTAL_PRINT_RENDERERS", 1)  # processes; 0: in the worker itself
PRINT_POLL_S: int = env.int("PORTAL_PRINT_POLL_S", 60)
PRINT_KEEP_S: int = env.int("PORTAL_PRINT_KEEP_S", 7 * 86_400)  # pixels, for exact reprints
PRINT_FOLDER: str = env.str("PORTAL_PRINT_FOLDER", "")
SIMULATED_PRINTER_PORT: int = env.int("PORTAL_SIMULATED_PRINTER_PORT", 11700)
# A second one, with colour, annotations and print jobs; 0: none.
SIMULATED_COLOR_PRINTER_PORT: int = env.int("PORTAL_SIMULATED_COLOR_PRINTER_PORT", 11701)
SIMULATED_PRINTER_DIR = DATA_DIR / "simulated-printer"
UPLOAD_MAX_BYTES: int = env.int("PORTAL_UPLOAD_MAX_BYTES", 512 * 1024 * 1024)

# Module with work_once(stop) -> bool and its threads, by the name that `run_worker --only` takes;
# a name stands for those that begin with it and a dot, too.
WORKER_LOOPS: dict[str, tuple[str, int]] = {
    "printing": ("printing.worker.jobs", PRINT_WORKERS),
    "printing.follow": ("printing.worker.following", 1),
    "printing.status": ("printing.worker.polling", 2),
    "printing.folder": ("printing.worker.folder", 1),
    "printing.retention": ("printing.worker.retention", 1),
    "timers": ("portal.worker", 1),
    "retention": ("worklist.worker.retention", 1),
    "commitment": ("worklist.worker.commitment", 2),
    "cross-check": ("worklist.worker.cross_check", 1),
    "alerts": ("portal.alerting", 2),
    "overdue": ("worklist.worker.overdue", 1),
    "relay": ("worklist.worker.relay", 2),
}

# What else a device of a kind brings with it; and who furnishes the demo department.
DEVICE_FURNISHERS = {"printer": "printing.services.printers.printer_for_device"}
# What else is tried when a device of a kind is tested: function(device, by) -> its ProbeLines.
DEVICE_TESTERS = {"archive": "worklist.probe.probe", "printer": "printing.probe.probe"}
DEMO_FURNISHERS = ["worklist.demo", "printing.demo"]
# What each app knows of an exam's course: course(step_id, study_instance_uids, visible_to).
TIMELINE_MODULES = ["worklist.timeline", "printing.timeline"]
# Which exam a study is of: function(studies, visible_to) -> {Study Instance UID: exam's key}.
EXAMS_OF_STUDIES = "worklist.selectors.steps.exams_of_studies"
# Which unit asked for an exam: function(facility_id, study, accession number) -> its name or "".
UNIT_OF_STUDY = "worklist.selectors.orders.unit_of_study"
# What `serve` runs besides on development machines: context manager -> its arguments. A simulator
# with port 0 is left out.
SIMULATORS: dict[str, dict[str, Any]] = {
    "printing.dicom.simulator.simulated_printer": {
        "address": ("127.0.0.1", SIMULATED_PRINTER_PORT),
        "directory": SIMULATED_PRINTER_DIR,
    },
    "printing.dicom.simulator.simulated_color_printer": {
        "address": ("127.0.0.1", SIMULATED_COLOR_PRINTER_PORT),
        "directory": SIMULATED_PRINTER_DIR,
    },
}
if SIMULATION:
    SIMULATORS |= {
        "worklist.dicom.simulator.archive.simulated_archive": {
            "address": ("127.0.0.1", SIMULATED_ARCHIVE_PORT),
            "directory": SIMULATED_ARCHIVE_DIR,
            "portal": ("127.0.0.1" if DICOM_BIND == "0.0.0.0" else DICOM_BIND, DICOM_PORT),  # noqa: S104
            "portal_ae_title": DICOM_AE_TITLE,
        },
        "worklist.dicom.simulator.listeners.simulated_scanners": {
            "address": ("127.0.0.1", SIMULATED_SCANNER_PORT),
            "directory": SIMULATED_ARCHIVE_DIR,
            "ae_titles": ["CT1", "CT2", "MR1", "US1", "CR1", "MG1"],
        },
    }
# Places of the menu with a number: url name -> function(visible_to) -> int, and the news ("cases",
# "commitments", "alerts", ...) on which open pages fetch it again.
MENU_COUNTS: dict[str, tuple[str, str]] = {
    "worklist:reconcile": ("worklist.selectors.cases.open_count", "cases"),
    "worklist:commitments": ("worklist.selectors.commitments.needing_people", "commitments"),
    "printing:queue": ("printing.selectors.console.needing_people", "jobs"),
}

# --- applications ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "worklist",
    "printing",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "knox",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.SignInRequired",
    "portal.middleware.AnswerPortalErrors",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["portal.templatetags.portal"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
        },
    }
]

# --- database, cache, channel layer -----------------------------------------------------------
DATABASE_URL: str = env.str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")
DATABASES = {"default": env.dj_db_url("DATABASE_URL", DATABASE_URL)}
_sqlite = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if _sqlite:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, not memory: DIMSE handlers and workers are threads with connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL", "")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}
    )
}
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py 8 gives up reading after 5 s, just when channels_redis stops waiting for
            # news: that ended every quiet socket with an error.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# --- people -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "portal.forms.SignInForm"}
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"
# Lockout: five failures for one name, twenty from one address, in five minutes.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/300s/key,20/300s/ip"}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("PORTAL_SECURE_COOKIES", not DEVELOPMENT)

# --- mail: alerts only --------------------------------------------------------------------------
# smtp://host:25, submission://user:password@host:587 (STARTTLS), smtp://host:465?ssl=1
_mail = env.dj_email_url("PORTAL_EMAIL_URL", "smtp://")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST: str = _mail["EMAIL_HOST"] if env.str("PORTAL_EMAIL_URL", "") else ""  # empty: none
EMAIL_PORT: int = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS: bool = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL: bool = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env.str("PORTAL_EMAIL_FROM", "radiology-portal@localhost")

# --- pages ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE: str = env.str("PORTAL_TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "images"
SERVESTATIC_USE_FINDERS = DEVELOPMENT
SERVESTATIC_AUTOREFRESH = DEVELOPMENT
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        # The board places its cards by two custom properties in style attributes.
        "style-src-attr": ["'unsafe-inline'"],
    }
}

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api_requests.Tokens",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "portal.api_requests.ShortJSON",
        "portal.api_requests.ShortForm",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["portal.api.KnownFilters"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problem_details",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Token", "TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Radiology portal",
    "DESCRIPTION": "Worklist and print management.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "DeviceKindEnum": "portal.models.RemoteAEKind",
        "CaseKindEnum": "worklist.models.ReconcileKind",
        "CaseStateEnum": "worklist.models.ReconcileCase.State",
        "CommitmentStateEnum": "worklist.models.StudyCommitment.State",
        "ScheduledStepStatusEnum": "worklist.models.ScheduledProcedureStepStatus",
        "PerformedStepStatusEnum": "worklist.models.PerformedProcedureStepStatus",
        "FinalStatusEnum": ["COMPLETED", "DISCONTINUED"],
        "RejectReasonEnum": "printing.models.RejectReason",
        "QuotaActionEnum": "printing.models.PrintQuota.Action",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.api_schema.add_problem_details",
    ],
}

# --- logging: ids and AE titles, never names of patients ------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "pythonjsonlogger.json.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("PORTAL_LOG_FORMAT", "line"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("PORTAL_LOG_LEVEL", "INFO")},
    # pynetdicom logs identifiers, hence patients: only its warnings, and never its datasets.
    "loggers": {
        "pynetdicom": {"level": "ERROR"},
        # A connection that fails is told in our own words by portal.dicom.association.
        "pynetdicom.transport": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR"},
    },
}
