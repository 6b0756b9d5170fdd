"""Where an archive is reached, and since when: another machine may answer by the same name."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import RemoteAE
from portal.pulse import clock
from portal.selectors_addresses import address_since
from worklist.models import CommittedInstance, InstanceState, StudyCommitment


def reached_words(archive: RemoteAE) -> str:
    """Say where an archive is asked and since when, as far as that was written down."""
    values = {"archive": archive.ae_title, "place": _place(archive)}
    known = address_since(archive)
    if known is None:
        return _("%(archive)s is asked at %(place)s.") % values
    values |= {"time": clock(known.since), "before": known.before}
    if known.before:
        sentence = _("%(archive)s is asked at %(place)s since %(time)s; before, at %(before)s.")
        return sentence % values
    return _("%(archive)s is asked at %(place)s since %(time)s.") % values


def moved_words(archive: RemoteAE, rows: Sequence[StudyCommitment]) -> str:
    """Say how much an archive had confirmed before its address was changed; empty for nothing."""
    known = address_since(archive)
    if not rows or known is None or not known.before:
        return ""
    count = CommittedInstance.objects.filter(
        commitment__in=rows, state=InstanceState.COMMITTED, answered_at__lt=known.since
    ).count()
    if not count:
        return ""
    sentence = ngettext(
        "%(n)d image was confirmed when %(archive)s was at %(before)s. Since %(time)s it is at "
        "%(place)s: if that is another machine, ask again.",
        "%(n)d images were confirmed when %(archive)s was at %(before)s. Since %(time)s it is at "
        "%(place)s: if that is another machine, ask again.",
        count,
    )
    values = {"archive": archive.ae_title, "place": _place(archive), "before": known.before}
    return sentence % (values | {"n": count, "time": clock(known.since)})


def _place(archive: RemoteAE) -> str:
    return f"{archive.host}:{archive.port or ''}"
