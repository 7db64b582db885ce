"""Rule select_series: the shipped manifest, chosen anew from the pinned index, with its funnel."""

import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.fetch.selection import SelectionRules, select_series
from maknet.files import atomic_path, write_text
from maknet.jobs.script import run_script


def main(
    rules: Mapping[str, Any], batch_size: int, manifest: Path, attribution: Path, funnel: Path
) -> None:
    selection = select_series(SelectionRules(**rules), batch_size)
    with atomic_path(manifest) as temporary, lzma.open(temporary, "wt", encoding="utf-8") as handle:
        handle.write(selection.series.to_csv(index=False, lineterminator="\n"))
    write_text(attribution, selection.attribution.to_csv(index=False, lineterminator="\n"))
    write_text(funnel, selection.funnel.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    run_script(snakemake, main)
