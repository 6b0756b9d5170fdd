"""System checks: what a chosen set-up lacks, one sentence each."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from portal.dicom.values import is_ae_title

CJK_FONT_PATHS = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",)


@register()
def check_dicom(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """AE titles and ports that the standard and TCP allow."""
    found: list[CheckMessage] = []
    for name in ("DICOM_AE_TITLE", "DICOM_STORE_AE_TITLE"):
        if not is_ae_title(getattr(settings, name)):
            found.append(
                Error(f"{name} “{getattr(settings, name)}” is not an AE title.", id="portal.E001")
            )
    for name in ("HTTP_PORT", "DICOM_PORT", "DICOM_TLS_PORT"):
        if not 0 < getattr(settings, name) < 65536:
            found.append(Error(f"{name} is not a TCP port.", id="portal.E002"))
    for name in ("DICOM_TLS_CERT", "DICOM_TLS_KEY", "DICOM_TLS_CA"):
        path = getattr(settings, name)
        if path and not Path(path).is_file():
            found.append(Error(f"{name} names no file: {path}", id="portal.E003"))
    return found


@register()
def check_fonts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Names in Han, Kana or Hangul need a font on film."""
    if any(Path(path).is_file() for path in CJK_FONT_PATHS):
        return []
    return [
        Warning(
            "No CJK font: Chinese, Japanese and Korean names cannot be drawn on film. "
            "Install the package fonts-noto-cjk.",
            id="portal.W001",
        )
    ]


def require_servable() -> None:
    """Refuse to serve pages or devices in a set-up that is not safe for it."""
    if settings.SECRET_KEY_IS_MISSING:
        raise RuntimeError(
            "PORTAL_SECRET_KEY is not set. Set it to a long random text, or set PORTAL_DEBUG=1 "
            "on a development machine."
        )
