"""Released pseudo-labels in Croissant 1.0: JSON-LD that data loaders and search engines read.

The part on responsible use follows Croissant RAI 1.0. Sources: http://mlcommons.org/croissant/1.0,
http://mlcommons.org/croissant/RAI/1.0.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from maknet.files import sha256, write_json
from maknet.release.datasheet import (
    LIMITS,
    NO_USES,
    WARNINGS,
    LabelSource,
    biases,
    collection,
    labeling,
    privacy,
    uses,
)
from maknet.release.pseudo_labels import COLUMNS, Column

_VERSIONS = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
_ROOT = "urn:maknet-workflow:lineage-root:v1"
_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty",
    "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_RECORDS = "images"


def write_croissant(path: Path, parquet: Path, source: LabelSource) -> None:
    """Write `croissant.json`.

    Args:
        path: File to write.
        parquet: The released labels, in the same folder.
        source: The labels with what is said of them.
    """
    facts = source.facts
    warning = WARNINGS.get(facts.dataset, "")
    about = (
        f"Labels that {facts.network} gave to {len(source.labels):,} images, three slices each, of "
        f"{source.series:,} CT series, in round {facts.round} of the noisy student of arXiv "
        "2005.11746. They are predictions, not ground truth."
    )
    write_json(path, {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _VERSIONS,
        "name": f"maknet-pseudo-labels-{facts.dataset}-round{facts.round}",
        "description": f"{warning} {about}".strip(),
        "version": f"{source.cited['version']}+{facts.root[:16]}",
        "datePublished": facts.made[:10],
        "identifier": f"{_ROOT}:{facts.root}",
        "url": source.home or f"{_ROOT}:{facts.root}",
        "creator": [{"@type": "sc:Organization", "name": name} for name in source.creators],
        "license": _licenses(source.sources),
        "citeAs": bibtex(source.cited["references"][0]),
        "citation": list(dict.fromkeys(row["citation"] for row in source.sources)),
        "keywords": ["computed tomography", "pseudo-labels", "noisy student", facts.dataset],
        "isLiveDataset": False,
        "distribution": [_file(parquet)],
        "recordSet": [_record_set(parquet.name)],
        **_responsible_use(source),
    })  # fmt: skip


def bibtex(cited: Mapping[str, Any]) -> str:
    """Return a reference of `CITATION.cff` in BibTeX."""
    authors = [f"{who['family-names']}, {who['given-names']}" for who in cited["authors"]]
    fields = {
        "title": f"{{{cited['title']}}}",
        "author": " and ".join(authors),
        **{name: cited[name] for name in ("journal", "year", "doi") if name in cited},
        **({"note": cited["notes"]} if "notes" in cited else {}),
    }
    key = f"{cited['authors'][0]['family-names']}{cited['year']}".lower()
    inside = ", ".join(f"{name} = {{{value}}}" for name, value in fields.items())
    return f"@{cited['type']}{{{key}, {inside}}}"


def _licenses(sources: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the licenses of the images and of what the network learned from, each once."""
    named = {
        (row["license"], row["license_url"]): row for row in sources
        if row["used_as"].startswith("label") or row["used_as"] == "unlabeled images"
    }  # fmt: skip
    return [
        {"@type": "sc:CreativeWork", "name": name, **({"url": url} if url else {})}
        for name, url in named
    ]


def _file(parquet: Path) -> dict[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": parquet.name,
        "name": parquet.name,
        "description": "One row an image.",
        "contentUrl": parquet.name,
        "contentSize": f"{parquet.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256(parquet),
    }


def _record_set(file: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": _RECORDS,
        "name": _RECORDS,
        "description": "The images with their labels.",
        "key": [{"@id": f"{_RECORDS}/{name}"} for name in ("series_uid", "triplet")],
        "field": [_field(column, file) for column in COLUMNS],
    }


def _field(column: Column, file: str) -> dict[str, Any]:
    repeated = pa.types.is_list(column.kind)
    return {
        "@type": "cr:Field",
        "@id": f"{_RECORDS}/{column.name}",
        "name": column.name,
        "description": column.meaning,
        "dataType": _data_type(column.kind.value_type if repeated else column.kind),
        **({"repeated": True} if repeated else {}),
        "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
    }


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"


def _responsible_use(source: LabelSource) -> dict[str, Any]:
    """Return the properties of Croissant RAI."""
    facts = source.facts
    warning = [WARNINGS[facts.dataset]] if facts.dataset in WARNINGS else []
    raw = [row["name"] for row in source.sources if row["used_as"] == "unlabeled images"]
    return {
        "rai:dataCollection": collection(source),
        "rai:dataCollectionType": ["Secondary Data analysis"],
        "rai:dataCollectionRawData": f"CT series of {', '.join(raw)}; their pixels are not here.",
        "rai:dataCollectionMissingData": "An image whose scores were all too low has no label.",
        "rai:dataAnnotationProtocol": labeling(facts),
        "rai:annotationsPerItem": "0 by persons; up to "
        f"{facts.top} by one network, see the column labels.",
        "rai:machineAnnotationTools": [f"{facts.network}, workflow at commit {facts.commit}"],
        "rai:dataUseCases": [*uses(facts), *(f"Not for this: {use}" for use in NO_USES)],
        "rai:dataLimitations": [*warning, *LIMITS],
        "rai:dataBiases": biases(source),
        "rai:personalSensitiveInformation": [privacy(facts)],
        "rai:dataReleaseMaintenancePlan": "A release does not change; another run makes another.",
    }
