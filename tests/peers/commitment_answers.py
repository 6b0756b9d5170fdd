"""What a scripted archive is asked, and what it may answer; datasets by pydicom."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

MISSING = 0x0112


@dataclass(frozen=True)
class Asked:
    """An N-ACTION as it came."""

    transaction_uid: str
    references: tuple[tuple[str, str], ...]  # class, instance
    calling: str
    called: str
    transfer_syntax: str

    @property
    def uids(self) -> list[str]:
        """The SOP Instance UIDs asked for."""
        return [uid for _, uid in self.references]


@dataclass(frozen=True)
class Report:
    """What an N-EVENT-REPORT says."""

    transaction_uid: str
    committed: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str, int], ...] = ()  # with the reason
    retrieve_ae_title: str = ""  # outside the sequence
    item_retrieve_ae_title: str = ""  # inside its items
    media: tuple[str, str] | None = None  # file-set ID and UID, outside
    has_empty_sequence: bool = False  # Referenced SOP Sequence without items, as Orthanc sends it

    @property
    def event_type(self) -> int:
        """The right Event Type ID."""
        return 2 if self.failed else 1

    def dataset(self) -> Dataset:
        """The Event Information."""
        ds = Dataset()
        ds.TransactionUID = self.transaction_uid
        if self.committed or self.has_empty_sequence:
            ds.ReferencedSOPSequence = [self._item(*one) for one in self.committed]
        if self.failed:
            ds.FailedSOPSequence = [_failure(*one) for one in self.failed]
        if self.retrieve_ae_title:
            ds.RetrieveAETitle = self.retrieve_ae_title
        if self.media:
            ds.StorageMediaFileSetID, ds.StorageMediaFileSetUID = self.media
        return ds

    def _item(self, sop_class: str, sop_instance: str) -> Dataset:
        item = _reference(sop_class, sop_instance)
        if self.item_retrieve_ae_title:
            item.RetrieveAETitle = self.item_retrieve_ae_title
        return item


def _reference(sop_class: str, sop_instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
    return item


def _failure(sop_class: str, sop_instance: str, reason: int) -> Dataset:
    item = _reference(sop_class, sop_instance)
    item.FailureReason = reason
    return item


def committed(asked: Asked) -> Report:
    """Report that all of it is safe."""
    return Report(asked.transaction_uid, asked.references)


def failed(count: int | None = None, reason: int = MISSING) -> Callable[[Asked], Report]:
    """Report that the last `count` of it failed (all without a number)."""

    def report(asked: Asked) -> Report:
        keep = 0 if count is None else len(asked.references) - count
        lost = tuple((*one, reason) for one in asked.references[keep:])
        return Report(asked.transaction_uid, asked.references[:keep], lost)

    return report


def short(asked: Asked) -> Report:
    """Leave the last instance out."""
    return Report(asked.transaction_uid, asked.references[:-1])


def longer(asked: Asked) -> Report:
    """Name one that nobody asked for."""
    extra = (asked.references[0][0], "1.2.3.999.1")
    return Report(asked.transaction_uid, (*asked.references, extra))


def elsewhere(transaction_uid: str) -> Callable[[Asked], Report]:
    """Report under another Transaction UID."""
    return lambda asked: replace(committed(asked), transaction_uid=transaction_uid)
