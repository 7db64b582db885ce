"""CT in, uint8 triplets and label tables out.

The names below are loaded on first use, so that importing one part does not pay for another.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "read_series": "maknet.data.dicom",
    "SeriesError": "maknet.data.dicom",
    "Volume": "maknet.data.dicom",
    "prepare_volume": "maknet.data.ct",
    "ImageSettings": "maknet.data.ct",
    "Triplets": "maknet.data.ct",
    "load_labels": "maknet.data.labels",
    "LabelTable": "maknet.data.labels",
    "load_ontology": "maknet.data.ontology",
    "Ontology": "maknet.data.ontology",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the home module defines
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
