"""Rule write_audit_page: audits the results, and shows what every number rests on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maknet.files import ROOT, read_rows
from maknet.jobs.script import run_script
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.lineage import audit
from maknet.provenance.numbers import figures, printed_numbers
from maknet.provenance.records import read_records
from maknet.reporting.audit_page.checkout import commit, repository
from maknet.reporting.audit_page.content import page_content, rule_places
from maknet.reporting.audit_page.page import write_audit_page
from maknet.reporting.audit_page.settings import sections_of


def main(
    dataset: str, rules: Mapping[str, Sequence[str]], results: Sequence[Path], licenses: Path,
    parts: Sequence[Path], html: Path, config: Mapping[str, Any],
) -> None:  # fmt: skip
    folder = Path(config["paths"]["results"])
    paths = [str(path) for path in results]
    records = read_records(folder)
    graph = JobGraph(records)
    about = {
        "dataset": dataset, "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(), "repository": repository(), "rules": dict(rules),
        "places": rule_places(ROOT / "workflow/rules", ROOT),
        "sections": sections_of(ROOT / "config/paper.yaml"), "licenses": read_rows(licenses),
    }  # fmt: skip
    numbers = printed_numbers(folder, graph) + figures(paths, graph)
    content = page_content(folder, records, graph, numbers, audit(*paths), about)
    write_audit_page(html, content, parts)


if __name__ == "__main__":
    run_script(snakemake, main)
