"""DICOM CT series to uint8 triplets."""
