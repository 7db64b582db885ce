"""Which TCIA series stand in for the paper's, chosen from the index of a pinned package.

Source: paper section 2 names the portal's anatomical-site filter, the 115 body parts and more than
50 slices, but publishes no list. The tables inside the wheel idc-index-data are read offline, each
filter is a setting, and the funnel shows what each one leaves. A stand-in of the same scale, never
"the paper's set".
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from maknet.config.manifest import NONCOMMERCIAL
from maknet.errors import InputError

# BodyPartExamined as archives write it -> labels of DeepLesion; all are among the 115.
SITES: dict[str, tuple[str, ...]] = {
    "CHEST": ("chest",), "THORAX": ("chest",), "TH CT CHEST WO C": ("chest",),
    "CHEST (THORAX) W": ("chest",), "LUNG": ("lung",), "MEDIASTINUM": ("mediastinum",),
    "HEART": ("pericardium",), "AORTA": ("aorta",), "BREAST": ("breast",),
    "ABDOMEN": ("abdomen",), "BD CT ABD WO_W C": ("abdomen",), "LIVER": ("liver",),
    "KIDNEY": ("kidney",), "PANCREAS": ("pancreas",), "STOMACH": ("stomach",),
    "ADRENAL": ("adrenal gland",), "PELVIS": ("pelvis",), "BLADDER": ("urinary bladder",),
    "OVARY": ("ovary",), "SPINE": ("spine",), "LSPINE": ("lumbar",), "NECK": ("neck",),
    "THYROID": ("thyroid gland",), "EXTREMITY": ("extremity",),
}  # fmt: skip
REGIONS: dict[str, tuple[str, ...]] = {
    "CHESTABDPELVIS": ("chest", "abdomen", "pelvis"), "ABDOMENPELVIS": ("abdomen", "pelvis"),
    "CHESTABDOMEN": ("chest", "abdomen"), "NECKCHEST": ("neck", "chest"),
    "NECKCHESTABDOMEN": ("neck", "chest", "abdomen"),
    "NECKCHESTABDPELV": ("neck", "chest", "abdomen", "pelvis"),
}  # fmt: skip
_PHANTOMS = r"phantom|dro_toolkit|qiba_ct_1c|mri_dir|ct4harmonization|pseudo_phi|mouse"
# Descriptions of what is no plain axial acquisition: a first part of the cleaning by hand.
_NOT_AXIAL = (
    r"\bcor(?:onal)?\b|coronal|\bsag(?:ittal|gital)?\b|sagit|\bm\.?i\.?ps?\b|\bmip|\bmpr\b|reformat"
    r"|\bobl(?:ique)?\b|gated|\d\s?%|respct|scout|topogram|locali[sz]er|surview|\b3d\b|\bvrt?\b"
    r"|volume rend|dose ?report|screen ?save|smart ?prep"
)
_INDEX_COLUMNS = [
    "collection_id", "analysis_result_id", "PatientID", "StudyInstanceUID", "SeriesInstanceUID",
    "source_DOI", "BodyPartExamined", "Modality", "sop_class_name", "SeriesDescription",
    "instanceCount", "series_size_MB", "license_short_name", "series_revised_idc_version",
    "series_aws_url",
]  # fmt: skip
MANIFEST_COLUMNS = [
    "batch", "collection_id", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "site",
    "labels", "instanceCount", "bytes_approx", "license_short_name", "source_DOI",
    "series_aws_url", "series_revised_idc_version", "idc_version",
]  # fmt: skip
ATTRIBUTION_COLUMNS = [
    "collection_id", "doi", "license_short_name", "license_url", "citation", "year", "series_used",
]  # fmt: skip


@dataclass(frozen=True)
class SelectionRules:
    """Filters of the selection (config section `tcia.selection`).

    Attributes:
        max_year: Latest year in which a data set was published; the paper is of May 2020.
        min_slices: Smallest number of images in a series.
        regions: Whether sites that name several regions count.
        axial_names_only: Whether series described as reformats, gated phases or scouts drop out.
        leave_out: Collections that are not searched: NLST had a server of its own.
        per_study: Largest number of series per study, the largest series first; None for all.
        per_patient: Largest number of series per patient, the largest series first; None for all.
        noncommercial: Whether series under a non-commercial license are chosen.
    """

    max_year: int = 2019
    min_slices: int = 51
    regions: bool = True
    axial_names_only: bool = True
    leave_out: Sequence[str] = ("nlst",)
    per_study: int | None = None
    per_patient: int | None = None
    noncommercial: bool = True


@dataclass(frozen=True)
class Selection:
    """The chosen series.

    Attributes:
        series: One row per series, columns `MANIFEST_COLUMNS`.
        attribution: One row per collection and license, columns `ATTRIBUTION_COLUMNS`.
        funnel: Series, subjects, slices and GB left after each filter.
    """

    series: pd.DataFrame
    attribution: pd.DataFrame
    funnel: pd.DataFrame = field(repr=False)


def select_series(rules: SelectionRules, batch_size: int) -> Selection:
    """Choose series from the index of the installed idc-index-data.

    Args:
        rules: Filters of the selection.
        batch_size: Series per batch.

    Raises:
        InputError: Nothing is left, or a chosen series has no dated source.
    """
    import idc_index_data

    table = _ct_series(idc_index_data)
    steps = []
    left = table
    for name, left in _filters(table, rules):
        steps.append({"step": name, **_totals(left)})
    if left.empty:
        raise InputError("tcia.selection leaves no series; loosen its filters.")
    left = left.sort_values(["collection_id", "PatientID", "StudyInstanceUID", "SeriesInstanceUID"])
    version = str(idc_index_data.__version__).split(".")[0]
    return Selection(_manifest(left, batch_size, version), _attribution(left), pd.DataFrame(steps))


def _ct_series(package: Any) -> pd.DataFrame:  # noqa: ANN401 - a module without types
    """Return all CT series of the index with year, species and citation of their source."""
    path = package.IDC_INDEX_PARQUET_FILEPATH
    ct = pd.read_parquet(path, columns=_INDEX_COLUMNS, filters=[("Modality", "==", "CT")])
    collections = pd.read_parquet(path.parent / "collections_index.parquet")
    ct["doi"] = ct["source_DOI"].str.lower()
    joined = ct.merge(_sources(collections), on=["collection_id", "doi"], how="left",
                      validate="many_to_one")  # fmt: skip
    if joined["year"].isna().any():
        undated = joined.loc[joined["year"].isna(), "collection_id"].iloc[0]
        raise InputError(f"idc-index-data: collection {undated} has a series without dated source.")
    return joined


def _sources(collections: pd.DataFrame) -> pd.DataFrame:
    rows = []
    columns: Any = collections[["collection_id", "species", "sources"]].to_numpy()
    for collection, species, sources in columns:
        for source in sources:
            text = html.unescape(re.sub("<[^>]+>", "", source.get("citation") or ""))
            year = re.search(r"\((\d{4})", text)
            rows.append(
                {
                    "collection_id": collection,
                    "doi": (source.get("source_doi") or "").lower(),
                    "year": int(year[1]) if year else None,
                    "species": species,
                    "citation": " ".join(text.split()),
                    "license_url": (source.get("license") or {}).get("license_url"),
                    "contributor": (source.get("provenance") or {}).get("data_contributor"),
                }
            )
    return pd.DataFrame(rows).drop_duplicates(["collection_id", "doi"])


def _filters(table: pd.DataFrame, rules: SelectionRules) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name of each filter and what is left after it."""
    sites = SITES | (REGIONS if rules.regions else {})
    site = table["BodyPartExamined"].fillna("").str.upper().str.strip()
    table = table.assign(site=site, labels=site.map({k: "|".join(v) for k, v in sites.items()}))
    description = table["SeriesDescription"].fillna("")
    original = (
        (table["sop_class_name"] == "CT Image Storage") & table["analysis_result_id"].isna()
        & (table["species"] == "Human") & (table["contributor"] == "TCIA")
        & ~table["collection_id"].str.contains(_PHANTOMS)
    )  # fmt: skip
    masks = [
        ("CT series in the index", pd.Series(True, index=table.index)),
        ("CT Image Storage, original data, human, from TCIA", original),
        (f"not {', '.join(rules.leave_out)}", ~table["collection_id"].isin(rules.leave_out)),
        (f"published {rules.max_year} or before", table["year"] <= rules.max_year),
        (f"at least {rules.min_slices} images", table["instanceCount"] >= rules.min_slices),
        ("anatomical site is a DeepLesion label", table["labels"].notna()),
    ]
    if rules.axial_names_only:
        named = description.str.contains(_NOT_AXIAL, flags=re.IGNORECASE)
        masks.append(("not described as reformat, gated phase or scout", ~named))
    if not rules.noncommercial:
        restricted = table["license_short_name"].str.contains(NONCOMMERCIAL)
        masks.append(("license allows commercial use", ~restricted))
    keep = pd.Series(True, index=table.index)
    for name, mask in masks:
        keep &= mask
        yield name, table[keep]
    left = table[keep]
    for most, key, what in ((rules.per_study, "StudyInstanceUID", "study"),
                            (rules.per_patient, "PatientID", "patient")):  # fmt: skip
        if most:
            left = _largest(left, key, most)
            yield f"the {most} largest series of a {what}", left


def _largest(table: pd.DataFrame, key: str, most: int) -> pd.DataFrame:
    order = [key, "instanceCount", "SeriesInstanceUID"]
    return table.sort_values(order, ascending=[True, False, True]).groupby(key).head(most)


def _totals(table: pd.DataFrame) -> dict[str, float]:
    return {
        "series": len(table),
        "subjects": table["PatientID"].nunique(),
        "slices": int(table["instanceCount"].sum()),
        "gigabytes": round(float(table["series_size_MB"].sum()) / 1000, 1),
    }


def _manifest(chosen: pd.DataFrame, batch_size: int, version: str) -> pd.DataFrame:
    numbers = range(len(chosen))
    return chosen.assign(
        batch=[f"batch{number // batch_size:04d}" for number in numbers],
        bytes_approx=(chosen["series_size_MB"] * 1e6).round().astype("int64"),
        idc_version=version,
    )[MANIFEST_COLUMNS].reset_index(drop=True)


def _attribution(chosen: pd.DataFrame) -> pd.DataFrame:
    used = chosen.groupby("collection_id").size().rename("series_used")
    facts = chosen[ATTRIBUTION_COLUMNS[:-1]].drop_duplicates().sort_values("collection_id")
    table = facts.merge(used, on="collection_id").astype({"year": "int64"})
    return table.reset_index(drop=True)
