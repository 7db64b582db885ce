"""Downloads: TCIA series from IDC or NBIA, DeepLesion's zips and label files."""
