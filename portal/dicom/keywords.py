"""Keywords of the data dictionary (PS3.6), for values that people type."""

from pydicom.datadict import dictionary_VR, tag_for_keyword

# PS3.5 6.2: VRs of text, which a length can cut; half an address (UR) would be another one.
TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def vr_of_keyword(keyword: str) -> str:
    """Return the VR of a keyword; empty for one that the dictionary lacks."""
    tag = tag_for_keyword(keyword)
    return "" if tag is None else dictionary_VR(tag)
