"""What devices ask of the worklist over DICOM, one module per service."""
