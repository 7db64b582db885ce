"""The run as a Workflow Run RO-Crate (profile Provenance Run Crate 0.5), from the records.

One action for each job, one tool and one step for each rule that ran. Files below the results
folder are data entities of the crate; what lies outside (raw data, images) or was deleted after use
is named by `#file/...`. Source: https://w3id.org/ro/wfrun/provenance/0.5.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from maknet.files import sha256
from maknet.provenance.code import RECORDS
from maknet.provenance.paths import resolve
from maknet.provenance.records import Record
from maknet.provenance.ro_crate_graph import CrateGraph, refer
from maknet.provenance.roots import file_root

_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
    "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE":
        ("Bioschemas ComputationalWorkflow", "1.0-RELEASE"),
    "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE":
        ("Bioschemas FormalParameter", "1.0-RELEASE"),
}  # fmt: skip
_WORKFLOW_PROFILE, _PARAMETER_PROFILE = list(_PROFILES)[4:]
_ENGINE = "https://snakemake.github.io/"
_MIT = "https://spdx.org/licenses/MIT"
_BINARY = "application/octet-stream"
_DONE = "http://schema.org/CompletedActionStatus"
_MIME = {
    ".csv": "text/csv", ".json": "application/json", ".md": "text/markdown", ".html": "text/html",
    ".png": "image/png", ".pdf": "application/pdf", ".npz": "application/zip",
}  # fmt: skip
MAIN = "workflow/Snakefile"  # below the results folder
_ROOT_PROPERTY = "urn:maknet-workflow:lineage-root:v1"


@dataclass(frozen=True)
class Publication:
    """What the crate says of the work as a whole.

    Attributes:
        title: Title of the crate.
        dataset: Configured name of the data.
        authors: Full names of the authors.
        home: Address of the workflow's repository, empty where it has none.
        paper: DOI or arXiv address of the reproduced paper.
        sources: Rows of data_and_licenses.csv.
    """

    title: str
    dataset: str
    authors: Sequence[str]
    home: str
    paper: str
    sources: Sequence[Mapping[str, str]]


def lineage_records(results: Iterable[str], records: Mapping[str, Record]) -> list[Record]:
    """Return the records of all jobs that some results came from, the earliest first."""
    found: dict[int, Record] = {}
    waiting = list(results)
    while waiting:
        record = records.get(waiting.pop())
        if record is not None and id(record) not in found:
            found[id(record)] = record
            waiting += record.inputs
    return sorted(found.values(), key=lambda r: (r.ended, r.rule, sorted(r.wildcards.items())))


def write_ro_crate(
    target: str | Path,
    records: Sequence[Record],
    publication: Publication,
    rules: Mapping[str, str],
) -> None:
    """Write `ro-crate-metadata.json`.

    Args:
        target: File to write, in the results folder, which is the root of the crate.
        records: Records of the jobs, in the order of `lineage_records`.
        publication: Title, authors, paper and data.
        rules: Description of each rule, by name.
    """
    crate = _Crate(Path(target).parent, publication, records)
    for position, name in enumerate(dict.fromkeys(r.rule for r in records), 1):
        crate.add_rule(name, rules.get(name, name), position)
    for record in records:
        crate.add_job(record)
    crate.add_run()
    crate.graph.write(target)


class _Crate:
    def __init__(
        self, root: Path, publication: Publication, records: Sequence[Record]
    ) -> None:  # fmt: skip
        self.graph = CrateGraph()
        self._root, self._about, self._records = root, publication, records
        self._parts: list[str] = []
        self._commit = str(records[-1].environment["commit"] or "unknown")
        self._add_frame()

    def _add_frame(self) -> None:
        graph, about = self.graph, self._about
        graph.add("ro-crate-metadata.json", "CreativeWork", about={"@id": "./"}, conformsTo=refer(
            ["https://w3id.org/ro/crate/1.1", list(_PROFILES)[3]]))  # fmt: skip
        people = [f"#author/{quote(name)}" for name in about.authors]
        graph.add(
            "./", "Dataset", name=about.title, license={"@id": _MIT}, author=refer(people),
            description=f"Tables and figures of one run of the workflow. Data: {about.dataset}.",
            datePublished=self._records[-1].ended[:10], publisher={"@id": "#project"},
            conformsTo=refer(list(_PROFILES)[:4]), mainEntity={"@id": MAIN},
        )  # fmt: skip
        for name, (title, version) in _PROFILES.items():
            graph.add(name, "CreativeWork", name=title, version=version)
        graph.add("#project", "Organization", name="maknet-workflow", url=about.home)
        for name, person in zip(people, about.authors, strict=True):
            graph.add(name, "Person", name=person, affiliation={"@id": "#project"})
        graph.add(_MIT, "CreativeWork", name="MIT License", url=_MIT, description="SPDX MIT")
        graph.add(about.paper, "ScholarlyArticle", name="The paper that is reproduced")
        graph.link("./", "citation", about.paper)
        self._add_sources()
        graph.add("#language", "ComputerLanguage", name="Snakemake", identifier={"@id": _ENGINE},
                  url={"@id": _ENGINE})  # fmt: skip
        version = self._records[-1].environment["packages"].get("snakemake")
        graph.add(_ENGINE, "SoftwareApplication", name="Snakemake", url={"@id": _ENGINE},
                  softwareVersion=version or "unknown")  # fmt: skip
        graph.add(
            MAIN, ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name="maknet-workflow", encodingFormat="text/plain", version=self._commit,
            url=self._address("tree"), codeRepository=about.home,
            license={"@id": _MIT}, author=refer(people), programmingLanguage={"@id": "#language"},
            conformsTo={"@id": _WORKFLOW_PROFILE},
        )  # fmt: skip
        self._parts.append(MAIN)
        for path in sorted((self._root / "workflow").rglob("*")):
            name = quote(str(path.relative_to(self._root)))
            if path.is_file() and name != MAIN:
                graph.add(name, "File", name=path.name, encodingFormat="text/plain",
                          sha256=sha256(path))  # fmt: skip
                self._parts.append(name)

    def _address(self, view: str, path: str = "") -> str:
        """Return a permanent address in the repository, empty where it has none."""
        home = self._about.home
        return f"{home}/{view}/{self._commit}/{path}".rstrip("/") if home else ""

    def _add_sources(self) -> None:
        for row in self._about.sources:
            name = (
                f"https://doi.org/{row['doi']}" if row["doi"] else f"#source/{quote(row['name'])}"
            )
            if name in self.graph.entities:
                continue
            license_name = row["license_url"] or f"#license/{quote(row['license'])}"
            if license_name not in self.graph.entities:
                self.graph.add(license_name, "CreativeWork", name=row["license"],
                               description=row["license"])  # fmt: skip
            self.graph.add(name, "CreativeWork", name=row["name"], identifier=name,
                           description=row["citation"], license={"@id": license_name})  # fmt: skip
            self.graph.link("./", "citation", name)

    def add_rule(self, name: str, purpose: str, position: int) -> None:
        """Add the tool, the step and the control action of a rule."""
        record = next(r for r in self._records if r.rule == name)
        graph, tool, step = self.graph, f"#rule/{name}", f"#step/{name}"
        graph.add(tool, "SoftwareApplication", name=name, description=purpose,
                  softwareVersion=record.code, softwareRequirements={"@id": _ENGINE},
                  url=self._address("blob", record.script))  # fmt: skip
        graph.add(step, "HowToStep", name=name, position=str(position), workExample={"@id": tool})
        graph.add(f"#control/{name}", "ControlAction", name=f"Snakemake ran rule {name}",
                  instrument={"@id": step})  # fmt: skip
        graph.link(MAIN, "hasPart", tool)
        graph.link(MAIN, "step", step)

    def add_job(self, record: Record) -> None:
        """Add the action of a job with its files and settings."""
        label = ".".join([record.rule, *(v for v in record.wildcards.values() if v)])
        read = [self._file(path, value, record, "input") for path, value in record.inputs.items()]
        made = [self._file(path, value, record, "output") for path, value in record.outputs.items()]
        for name, path in zip(made, record.outputs, strict=True):
            root = self.graph.add(
                f"#root/{quote(path)}", "PropertyValue", name="lineage root",
                propertyID=_ROOT_PROPERTY, value=file_root(record, path),
            )  # fmt: skip
            self.graph.link(name, "identifier", root)
        for key, value in record.params.items():
            kind = {bool: "Boolean", int: "Integer", float: "Float"}.get(type(value), "Text")
            read.append(self.graph.add(
                f"#value/{quote(label)}/{quote(key)}", "PropertyValue", name=key,
                value=value if isinstance(value, str) else json.dumps(value),
                exampleOfWork={"@id": self._parameter(record.rule, "setting", key, kind)},
            ))  # fmt: skip
        environment = [
            self.graph.add(f"#environment/{quote(label)}/{name}", "PropertyValue", name=name,
                           value=str(version))
            for name, version in {**record.environment["packages"], **record.device}.items()
        ]  # fmt: skip
        action = self.graph.add(
            f"#job/{quote(label)}", "CreateAction", name=label,
            description=f"A job of rule {record.rule}", instrument={"@id": f"#rule/{record.rule}"},
            agent=self.graph.entities["./"]["author"], startTime=record.started,
            endTime=record.ended, object=refer(read), result=refer(made), actionStatus=_DONE,
            environment=refer(environment),
        )  # fmt: skip
        self.graph.link(f"#control/{record.rule}", "object", action)
        self.graph.link("./", "mentions", action)

    def _file(self, path: str, digest: str, record: Record, side: str) -> str:
        place, inside = resolve(path), path.startswith(f"{self._root}/")
        exists = inside and place.exists()
        name = quote(path[len(str(self._root)) + 1 :]) if exists else f"#file/{quote(path)}"
        folder = place.is_dir() if place.exists() else not place.suffix
        name += "/" if exists and folder else ""
        kind = "Dataset" if folder else "File"
        if name not in self.graph.entities:
            size = str(place.stat().st_size) if exists and not folder else None
            self.graph.add(
                name, kind, name=path, contentSize=size,
                sha256=digest if not folder else None,
                about={"@id": "./"} if name == "README.md" else None,
                description=f"digest of the content: {digest}" if folder else None,
                encodingFormat=None if folder else _MIME.get(place.suffix, _BINARY),
            )  # fmt: skip
            if exists:
                self._parts.append(name)
        self.graph.link(name, "exampleOfWork", self._parameter(record.rule, side, side, kind))
        return name

    def _parameter(self, rule: str, side: str, name: str, kind: str) -> str:
        parameter = f"#parameter/{rule}/{side}/{quote(name)}/{kind}"
        if parameter not in self.graph.entities:
            self.graph.add(parameter, "FormalParameter", name=name, additionalType=kind,
                           conformsTo={"@id": _PARAMETER_PROFILE})  # fmt: skip
            self.graph.link(f"#rule/{rule}", "output" if side == "output" else "input", parameter)
        return parameter

    def add_run(self) -> None:
        """Add the run as a whole, and close the lists of parts."""
        graph = self.graph
        steps = [name for name in graph.entities if name.startswith("#control/")]
        times = {"startTime": min(r.started for r in self._records),
                 "endTime": max(r.ended for r in self._records)}  # fmt: skip
        agent = graph.entities["./"]["author"]
        results = [p for p in self._parts if not p.startswith("workflow/")]
        if (self._root / RECORDS).is_dir():
            self._parts.append(graph.add(
                f"{RECORDS}/", "Dataset", name="Records", encodingFormat="application/json",
                description="One record for each job; the roots are made of them.",
            ))  # fmt: skip
        graph.add("#run", "CreateAction", name="The run", description="The whole run",
                  instrument={"@id": MAIN}, agent=agent, actionStatus=_DONE,
                  result=refer(results), **times)  # fmt: skip
        graph.add("#engine-run", "OrganizeAction", name="Snakemake", instrument={"@id": _ENGINE},
                  agent=agent, result={"@id": "#run"}, object=refer(steps), **times)  # fmt: skip
        graph.link("./", "mentions", "#run")
        graph.link("./", "hasPart", *self._parts)
