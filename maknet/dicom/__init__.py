"""One DICOM file: its header and its pixels in HU."""
