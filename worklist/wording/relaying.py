"""Modalities' own commitment requests, in words, as entries of an exam's timeline."""

from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.types import Link, TimelineEntry
from worklist.models import RelayedCommitment

State = RelayedCommitment.State
SHOWN = 50


def entries(relays: Iterable[RelayedCommitment]) -> Iterator[TimelineEntry]:
    """Tell what devices asked themselves, and whether they were told the answer."""
    for one in relays:
        link = (Link(reverse("worklist:relayed", args=[one.pk]), _("Message")),)
        values = {"device": one.device.ae_title}
        yield TimelineEntry(
            one.at,
            _("%(device)s itself asked for commitment; passed on under our number") % values,
            icon="send",
            kind="relay",
            is_main=False,
            links=link,
        )
        if one.delivered_at:
            yield TimelineEntry(
                one.delivered_at,
                _("%(device)s was told the archive's answer") % values,
                icon="send",
                kind="relay",
                is_main=False,
                links=link,
            )
        elif one.state == State.UNDELIVERED:
            yield TimelineEntry(
                one.next_attempt_at or one.at,
                _("%(device)s could not be told the archive's answer") % values,
                one.sentence,
                tone="warn",
                icon="plug-off",
                kind="relay",
                links=link,
            )
