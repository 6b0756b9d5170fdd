"""The DICOM conformance statement (PS3.2), from the running configuration and the code's tables."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from pydicom.uid import UID

from portal.dicom.listening import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    MAX_PDU,
    ListenerConfig,
)
from portal.dicom.services import (
    ApplicationContextUnknown,
    CalledAETitleUnknown,
    CallingAETitleUnknown,
    Congestion,
    ProtocolVersionUnknown,
    Refusal,
    TooManyAssociations,
)
from portal.models import Facility
from portal.processes import listener_config

OVERVIEW, MODEL, POLICIES = "Overview", "Networking model", "Association policies"
SERVICES, CONTEXTS = "Conformance of the services", "Presentation contexts"
INTERFACES, CONFIGURATION = "Network interfaces", "Configuration"
CHARACTER_SETS, SECURITY = "Support of character sets", "Security"
# In the order of PS3.2 Annex A; each module of DICOM_CONFORMANCE_MODULES adds to some of them.
CHAPTERS = (
    OVERVIEW,
    MODEL,
    POLICIES,
    CONTEXTS,
    SERVICES,
    INTERFACES,
    CONFIGURATION,
    CHARACTER_SETS,
    SECURITY,
)
REFUSALS: tuple[tuple[str, type[Refusal]], ...] = (
    ("nobody here has this called AE title, which selects the facility", CalledAETitleUnknown),
    (
        "the calling AE title is no enabled device of that facility, or it calls from an address "
        "or with a certificate that is not its own",
        CallingAETitleUnknown,
    ),
    ("no database; the device may try again", Congestion),
    ("too many associations, in all or from one address; try again", TooManyAssociations),
    ("another application context than DICOM's", ApplicationContextUnknown),
    ("a protocol version other than 1", ProtocolVersionUnknown),
)


def statement() -> str:
    """Return the whole statement as Markdown."""
    modules = [import_module(name) for name in settings.DICOM_CONFORMANCE_MODULES]
    told = [module.chapters() for module in modules]
    text = "# DICOM conformance statement\n\n" + INTRODUCTION
    for number, heading in enumerate(CHAPTERS, start=1):
        parts = [chapter[heading].strip() for chapter in told if heading in chapter]
        text += f"\n## {number} {heading}\n\n" + "\n\n".join(parts) + "\n"
    return text


INTRODUCTION = """\
Written by `manage.py conformance` from the running configuration; the copy in the repository is
that of the default configuration. What each part promises in detail: `worklist/CONFORMANCE.md`,
`printing/CONFORMANCE.md`.
"""


def chapters() -> dict[str, str]:
    """Return what the shared ground has to say, by chapter."""
    config = listener_config(port=settings.DICOM_PORT, is_shared=False)
    return {
        OVERVIEW: _overview(config),
        MODEL: "Each facility is an application entity of its own, on the same ports:\n\n"
        + table(("AE title", "Facility"), _facilities()),
        POLICIES: _policies(config),
        CONTEXTS: _contexts(config),
        SERVICES: "### Verification\n\nC-ECHO is answered 0000 (PS3.4 Annex A), as SCP; as SCU it "
        "is sent by `manage.py device test` and by the page of a device.",
        INTERFACES: _interfaces(),
        CONFIGURATION: "Facilities, devices and their profiles are rows that administrators change "
        "while it runs (`/devices/`, `manage.py device`, `manage.py facility`). Ports, limits and "
        "certificates are environment variables, read at the start (`.env.example`).",
        SECURITY: _security(),
    }


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _overview(config: ListenerConfig) -> str:
    rows = [
        (UID(_abstract(context)).name, _abstract(context), _role(context))
        for context in config.contexts
    ]
    return table(("SOP class", "UID", "Role"), rows)


def _facilities() -> list[tuple[str, str]]:
    return [(f.ae_title, f.name) for f in Facility.objects.order_by("ae_title")]


def _policies(config: ListenerConfig) -> str:
    limits = config.limits
    rows = [
        ("Application context name", "1.2.840.10008.3.1.1.1"),
        ("Implementation class UID", IMPLEMENTATION_CLASS_UID),
        ("Implementation version name", IMPLEMENTATION_VERSION_NAME),
        ("Maximum PDU length received", f"{MAX_PDU} bytes"),
        ("Maximum PDU length sent", "what the peer says; no limit of ours"),
        ("Associations at a time", str(config.max_associations)),
        ("Associations at a time from one address", str(config.max_per_address)),
        ("Asynchronous operations", "not negotiated: one operation at a time"),
        ("User identity", "accepted and not used"),
        ("Role selection", _roles(config)),
        ("Time limit for the request of an association", f"{limits['acse']:g} s"),
        ("Time limit for a message, from its beginning", f"{limits['dimse']:g} s"),
        ("Time limit for an idle association", f"{limits['network']:g} s"),
    ]
    refused = [(why, f"{r.result}/{r.source}/{r.reason}") for why, r in REFUSALS]
    return "\n\n".join(
        (
            table(("Item", "Value"), rows),
            "An association is rejected (PS3.8 Table 9-21: result/source/reason) when",
            table(("Case", "Answer"), refused),
            "A context of an unknown SOP class is refused with 3, one without a transfer syntax "
            "that we know with 4; the others work. What breaks PS3.8 is answered by A-ABORT.",
        )
    )


def _contexts(config: ListenerConfig) -> str:
    rows = [
        (UID(_abstract(context)).name, UID(syntax).name, str(syntax), _role(context))
        for context in config.contexts
        for syntax in context.transfer_syntax
    ]
    return table(("Abstract syntax", "Transfer syntax", "UID", "Role"), rows)


def _role(context: Any) -> str:
    """Return our roles on associations that a peer opens: its SCP role makes us the SCU."""
    return "SCU, SCP" if context.scp_role else "SCP"


def _roles(config: ListenerConfig) -> str:
    """Say of which SOP classes the roles that a peer proposes are answered."""
    names = [UID(_abstract(one)).name for one in config.contexts if one.scu_role or one.scp_role]
    return f"answered for {', '.join(names)}" if names else "none but the default roles"


def _abstract(context: object) -> str:
    return str(context.abstract_syntax)  # type: ignore[attr-defined] # pynetdicom has no types


def _interfaces() -> str:
    tls = "on" if settings.DICOM_TLS_CERT else "off: no certificate is set"
    rows = [
        ("TCP", f"`{settings.DICOM_BIND}`, port {settings.DICOM_PORT}"),
        ("TCP with TLS", f"port {settings.DICOM_TLS_PORT} ({tls})"),
    ]
    return (
        table(("Interface", "Where"), rows)
        + "\n\nIPv4, or IPv6 where the address is one; without delay (TCP_NODELAY)."
    )


def _security() -> str:
    wanted = "is required" if settings.DICOM_TLS_CA else "is not asked for"
    return (
        "TLS 1.2 and 1.3 (PS3.15 B.12) on a port of its own. With `PORTAL_DICOM_TLS_CA` a client "
        f"needs a certificate of that authority; now one {wanted}. A device may be bound to "
        "addresses, networks and to one certificate by its SHA-256 fingerprint. Whoever is "
        "rejected is noted for the administrators. Logs and events name no patients."
    )
