"""Values of Instance Availability Notification (PS3.4 Annex R)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoticedInstance:
    """What an archive says about one instance."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    availability: str  # ONLINE, NEARLINE, OFFLINE or UNAVAILABLE
    retrieve_ae_title: str


@dataclass(frozen=True, slots=True)
class Notice:
    """An N-CREATE's attributes; `performed` are the performed steps it names, right or wrong."""

    study_instance_uid: str
    instances: tuple[NoticedInstance, ...]
    performed: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()  # what was wrong and let pass, in sentences
