"""pynetdicom formats every identifier for its log, also when nobody listens: those are patients."""

from pynetdicom import _config


def keep_quiet() -> None:
    """Have pynetdicom format no dataset."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
