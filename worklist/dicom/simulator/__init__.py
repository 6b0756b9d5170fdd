"""A simulated department on real DICOM: scanners, and an archive whose faults can be chosen.

For newcomers, training and go-live tests; no witness of the protocol. Its datasets are pydicom's,
not of our own codec: what one of the two gets wrong, the other does not.
"""
