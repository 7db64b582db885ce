"""Which data a run used, under which license, and how to cite them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from maknet.files import read_rows, write_rows

COLUMNS = ("name", "used_as", "series", "license", "license_url", "doi", "citation")


def write_licenses(
    target: str | Path, config: Mapping[str, Any], known: str | Path, attribution: str | Path,
    receipts: Iterable[str | Path],
) -> None:  # fmt: skip
    """Write one row for each collection or data set that a run used.

    Args:
        target: CSV to write, columns `COLUMNS`.
        config: Configuration of the run.
        known: CSV of data sets other than TCIA's, by `key`.
        attribution: CSV of TCIA's collections.
        receipts: Receipts of all batches of unlabeled series.
    """
    by_key = {row["key"]: row for row in read_rows(known)}
    rows = []
    for key, use in _used(config):
        rows.append({**by_key[key], "used_as": use, "series": ""})
    if config["unlabeled"]["source"] == "tcia":
        rows += _collections(attribution, receipts)
    write_rows(target, COLUMNS, [{name: row[name] for name in COLUMNS} for row in rows])


def _used(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    labeled, unlabeled = config["labeled"]["source"], config["unlabeled"]["source"]
    used = {
        "deeplesion": [("deeplesion", "labeled images"), ("lesanet_labels", "labels")],
        "folder": [("own_labeled", "labeled images and labels")],
        "phantom": [("phantom", "labeled images and labels")],
    }[labeled]
    used += {
        "tcia": [("tcia", "archive"), ("idc", "index")],
        "folder": [("own_unlabeled", "unlabeled images")],
        "phantom": [("phantom", "unlabeled images")],
    }[unlabeled]
    generic = config["generic"]
    return [*used, (generic, "weights that tables 1 and 3 compare with")]


def _collections(
    attribution: str | Path, receipts: Iterable[str | Path]
) -> list[dict[str, Any]]:  # fmt: skip
    series: Counter[str] = Counter()
    for receipt in receipts:
        used = {row["series_uid"]: row["collection"] for row in read_rows(receipt)}
        series.update(used.values())
    known = {row["collection_id"]: row for row in read_rows(attribution)}
    rows = []
    for collection, count in sorted(series.items()):
        row = known.get(collection, {})
        rows.append(
            {
                "name": collection or "unnamed collection", "used_as": "unlabeled images",
                "series": count, "license": row.get("license_short_name", "unknown"),
                "license_url": row.get("license_url", ""), "doi": row.get("doi", ""),
                "citation": row.get("citation", "see the receipts"),
            }
        )  # fmt: skip
    return rows
