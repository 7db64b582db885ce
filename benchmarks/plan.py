"""What a full run plans, and docs/resources.md from it: what each rule asks of Slurm, and why.

`python -m benchmarks.plan` writes the page from the rules themselves and docs/resources.csv, which
says where each number comes from.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter

from benchmarks.rehearsed import of_rule
from maknet.files import ROOT

PAGE = ROOT / "docs/resources.md"
REASONS = ROOT / "docs/resources.csv"
TARGETS = ("all", "release")  # of the page
BEYOND = ROOT / "benchmarks/rates/beyond.planned.json"
HEAD = """# What each rule asks for

Written by `python -m benchmarks.plan` from the rules and docs/resources.csv; do not edit. For
config/paper.yaml and the targets all and release, first attempt: memory and time are multiplied by
the number of the attempt, and those that depend on the number of unlabeled images are computed from
the manifest. *Used* is the most that a job of the rule took in the rehearsal, which has one seed,
the real counts of series and lesions, and small pixels and networks; *added by full pixels* is
computed. The GPU-hours of each table, and the rehearsal, are in
[scale.md](scale.md).

"""
COLUMNS = (
    "rule", "jobs", "threads", "GPU", "GB requested", "GB used", "GB added by full pixels",
    "minutes allowed", "minutes used", "from", "why",
)  # fmt: skip


def plan(*targets: str) -> dict[str, dict[str, str]]:
    """Return the jobs that a full run plans: number of jobs, threads and resources by rule."""
    with tempfile.TemporaryDirectory() as nothing:
        command = [
            sys.executable, "-m", "snakemake", "--dry-run", "--cores", "64",
            "--profile", "slurm", "--directory", nothing, *(targets or ("all",)),
        ]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    text = done.stdout + done.stderr
    counts = Counter(re.findall(r"^rule (\w+):$", text, re.MULTILINE))
    local = local_rules()
    found: dict[str, dict[str, str]] = {}
    for block in re.split(r"\n(?=rule \w+:\n)", text):
        head = re.match(r"rule (\w+):\n", block)
        if head is None or head[1] in found:
            continue
        threads = re.search(r"^    threads: (\d+)$", block, re.MULTILINE)
        resources = dict(re.findall(r"(\w+)=([\w$:-]+)", block.partition("    resources: ")[2]))
        found[head[1]] = {
            "jobs": str(counts[head[1]]), "local": "yes" if head[1] in local else "",
            "threads": threads[1] if threads else "1", **resources,
        }  # fmt: skip
    return found


def local_rules() -> set[str]:
    """Return the rules that run beside the head process."""
    text = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    blocks = re.split(r"\n(?=(?:use )?rule )", text)
    return {"all"} | {
        match[1]
        for block in blocks
        if "\n    localrule: True\n" in block and (match := re.match(r"rule (\w+):", block))
    }


def write_page(rules: dict[str, dict[str, str]]) -> str:
    """Return docs/resources.md."""
    with REASONS.open(newline="") as handle:
        reasons = {row["rule"]: row for row in csv.DictReader(handle)}
    lines = []
    for name, rule in sorted(rules.items()):
        if rule["local"]:
            continue
        reason, took = reasons[name], of_rule(name)
        lines.append(
            f"| {name} | {rule['jobs']} | {rule['threads']} | {rule.get('gpu', '0')} "
            f"| {int(rule['mem_mb']) / 1000:.1f} | {_measured(took, 'memory_mb', 1000)} "
            f"| {reason['pixels_gb'] or '-'} | {rule['runtime']} "
            f"| {_measured(took, 'longest_s', 60)} | {reason['from']} | {reason['why']} |\n"
        )
    local = ", ".join(sorted(name for name, rule in rules.items() if rule["local"]))
    head = f"{HEAD}| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|\n"
    return f"{head}{''.join(lines)}\nOn the head node, none for more than seconds: {local}.\n"


def _measured(took: dict[str, float], name: str, unit: float) -> str:
    return f"{took[name] / unit:.1f}" if took else "-"


if __name__ == "__main__":
    PAGE.write_text(write_page(plan(*TARGETS)))
    counts = {rule: int(found["jobs"]) for rule, found in sorted(plan("beyond").items())}
    BEYOND.write_text(json.dumps(counts, indent=1) + "\n")
