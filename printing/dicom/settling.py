"""What a printer supports at all, and what a print does without (PS3.4 H.3; issue 6 line 4)."""

from pydicom.uid import UID
from pynetdicom.sop_class import PresentationLUT

from portal.dicom.association import Peer
from portal.dicom.errors import Rejected
from printing.dicom.statuses import Refused
from printing.dicom.talk import Talk
from printing.dicom.terms import LUT, Terms
from printing.types import Fallback, LineKind, UsedFallback

NO_CLASS = 0x0122


def settle(talk: Talk, terms: Terms, peer: Peer) -> None:
    """Come to terms with what the printer supports at all."""
    for name in terms.not_sent():
        talk.line(f"{name} is set, but not sent: the printer's model has none.", kind=LineKind.NOTE)
    if terms.meta not in talk.accepted:
        if not (terms.is_color and terms.gray_meta in talk.accepted):
            name = UID(terms.meta).name
            raise Rejected(f"{peer.called_ae_title} does not support {name}.", is_transient=False)
        if not terms.may(Fallback.GRAY):  # this film alone: others go on
            raise Refused("The printer does not print colour: print the film in gray.", NO_CLASS)
        says = "The printer does not support colour: the film is gray."
        terms.change(UsedFallback(Fallback.GRAY, says))
    settle_lut(talk, terms)


def settle_lut(talk: Talk, terms: Terms) -> None:
    """Do without a presentation LUT where the printer has none, or say that it lacks it."""
    if terms.lut_place and PresentationLUT not in talk.accepted:
        refused = "The printer does not support presentation LUTs"
        if not terms.may(Fallback.DROP_ATTRIBUTE):
            raise Refused(f"{refused}.", NO_CLASS)
        terms.change(UsedFallback(Fallback.DROP_ATTRIBUTE, f"{refused}: it is left out.", LUT))
