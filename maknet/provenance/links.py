"""One link of a lineage, and what is compared of a job beside its files: code, packages, CPU."""

from collections.abc import Iterator
from dataclasses import dataclass

from maknet.provenance.code import code_digest, code_files
from maknet.provenance.cpu import PORTABLE, cpu
from maknet.provenance.environment import version
from maknet.provenance.records import Record

INTACT, CHANGED, MISSING, RAW, RECEIPT, OTHER = (
    "intact", "changed", "missing", "raw", "receipt", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One link of a lineage.

    Attributes:
        depth: Number of jobs between the audited file and this link.
        kind: `file`, `record`, `root`, `code`, `config`, `package` or `cpu`.
        path: File or folder, script, setting, or package.
        rule: Rule that made the file, or ran the code; empty for raw data.
        status: `intact`; `changed`; `missing`; `raw`: as it was read, and made by no rule;
            `receipt`: deleted after use, its receipt lists the archive's files; `other`: a CPU
            other than this machine's, or a package that is not installed here: no fault.
        recorded: Digest, value or version when it was made or read.
        found: Digest, value or version now.
        note: Further explanation; may be empty.
    """

    depth: int
    kind: str
    path: str
    rule: str
    status: str
    recorded: str
    found: str
    note: str = ""


def all_intact(findings: list[Finding]) -> bool:
    """Return whether nothing was changed and nothing is missing."""
    return all(finding.status in (INTACT, RAW, RECEIPT, OTHER) for finding in findings)


def code_links(record: Record, depth: int) -> Iterator[Finding]:
    """Yield whether a job's script, and all that it can import, are as they were."""
    name = f"{record.script} ({record.rule})"
    try:
        now = code_digest(record.script)
    except (OSError, SyntaxError):
        yield Finding(
            depth, "code", name, record.rule, CHANGED, record.code, "", "it cannot be read"
        )
        return
    if now == record.code:
        yield Finding(depth, "code", name, record.rule, INTACT, record.code, now)
        return
    files = code_files(record.script)
    both = sorted({*files, *record.code_files})
    note = ", ".join(f for f in both if files.get(f) != record.code_files.get(f))
    yield Finding(depth, "code", name, record.rule, CHANGED, record.code, now, note)


def package_links(record: Record, depth: int) -> Iterator[Finding]:
    """Yield whether the packages that a job imported have their versions."""
    for name, recorded in record.environment["packages"].items():
        now = version(name)
        status, note = (INTACT if now == recorded else CHANGED), ""
        if now is None:  # on a head node, say
            status, note = OTHER, "not installed here, so its version cannot be compared"
        yield Finding(depth, "package", name, record.rule, status, str(recorded), str(now), note)


def cpu_links(record: Record, depth: int) -> Iterator[Finding]:
    """Yield the CPU of a job, which decides bytes unless its numerics were portable."""
    made_on, here = record.environment["cpu"], cpu()
    portable = record.params.get("numerics") == "portable"
    unset = [n for n, value in PORTABLE.items() if made_on["settings"].get(n) != value]
    if record.device.get("threads") == 1:  # torch's own count, whatever the variables say
        unset = [name for name in unset if not name.endswith("_THREADS")]
    model, status, note = made_on["model"], INTACT, ""
    if portable and unset:
        status, note = CHANGED, f"numerics were to be portable, but these were not set: {unset}"
    elif model != here["model"]:
        may = "has the same bytes" if portable else "may have other bytes: its numerics are native"
        status, note = OTHER, f"this machine's is {here['model']}; made anew here, a result {may}"
    yield Finding(depth, "cpu", f"{model} ({' '.join(made_on['instruction_sets'])})", record.rule,
                  status, model, here["model"], note)  # fmt: skip
