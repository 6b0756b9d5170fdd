"""What is seen of an archive's answer to a test of the return path, while we wait for it."""

import socket
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from portal.models import Knock, RemoteAE
from portal.selectors import processes_alive
from worklist.models import CommitmentReport, CommitmentRequest


@dataclass(frozen=True)
class Seen:
    """The request as it is now, its report if one came, and who was turned away meanwhile."""

    request: CommitmentRequest
    report: CommitmentReport | None
    knock: Knock | None  # of the archive, as far as that can be told
    strangers: tuple[Knock, ...] = ()  # others who were turned away


def listener_is_running() -> bool:
    """Say whether a listener of ours has lately said that it lives."""
    return processes_alive().filter(kind="scp").exists()


def probe_seen(*, request_id: int, since: datetime) -> Seen:
    """Return what is known of a test that began then."""
    found = CommitmentRequest.objects.select_related("archive__facility")
    request = found.defer("action_information").get(pk=request_id)
    reports = CommitmentReport.objects.filter(transaction_uid=request.transaction_uid)
    knocks = _knocks(request.archive, since)
    mine = [knock for knock in knocks if _is_of(knock, request.archive)]
    return Seen(
        request,
        reports.select_related("device").order_by("-pk").first(),
        mine[0] if mine else None,
        tuple(knock for knock in knocks if knock not in mine),
    )


def _knocks(archive: RemoteAE, since: datetime) -> list[Knock]:
    ours = Q(facility_id=archive.facility_id) | Q(facility=None)
    return list(Knock.objects.filter(ours, last_at__gte=since).order_by("-last_at", "-pk")[:20])


def _is_of(knock: Knock, archive: RemoteAE) -> bool:
    """Say whether an archive may have been who was turned away: by its title or its address."""
    return knock.calling_ae_title == archive.ae_title or knock.address in _addresses(archive.host)


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
