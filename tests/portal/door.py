"""Who calls at the portal's door, as tests of admission say it."""

from portal.dicom.services import Requestor


def requestor(called="PORTAL", calling="CT1", address="10.20.4.11", certificate=""):
    """Return a caller; unless said otherwise CT1, who means the first facility."""
    return Requestor(called, calling, address, certificate)
