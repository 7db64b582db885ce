"""Synthetic CT in real formats: DICOM series and a DeepLesion folder.

Synthetic anatomy, not patients. Everything made here goes through the same readers, filters and
rules as real data; only the rules that fetch differ.
"""
