"""A finished run can be audited, traced, cited, and is made anew where code changed."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import rocrate
import yaml
from jsonschema import Draft202012Validator

from maknet.errors import InputError
from maknet.files import read_json, read_rows
from maknet.provenance.lineage import Lineage, audit
from maknet.provenance.links import all_intact
from maknet.provenance.records import read_records
from maknet.provenance.roots import file_root
from maknet.provenance.trace import trace_cell
from tests.workflow.conftest import MINI, ROOT, Run

pytestmark = pytest.mark.workflow
TABLES = [f"results/demo/table{number}.csv" for number in (1, 2, 3)]


@pytest.fixture
def inside(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(finished)
    return finished


def test_every_output_of_every_rule_has_a_record(inside: Path) -> None:
    recorded = set(read_records(Path("results/demo")))
    kept = {"provenance", "digests", "state", "logs", "benchmarks", "events", "workflow"}
    for folder in ("results/demo", "data/demo"):
        for path in (p for p in Path(folder).rglob("*") if p.is_file()):
            names = {str(path), *map(str, path.parents)}
            assert names & recorded or kept & set(path.parts), path


def test_the_audit_reaches_the_drawn_files_and_holds(inside: Path) -> None:
    findings = audit(*TABLES, deep=True)
    assert all_intact(findings)
    rules = {finding.rule for finding in findings}
    assert {"make_table1", "train_network", "prepare_lesions", "draw_phantom_lesions",
            "train_student", "pseudo_label", "train_lesanet",
            "draw_phantom_series"} <= rules  # fmt: skip


def test_snakemake_audit_runs_it_for_all_results(copied: Path, snakemake: Run) -> None:
    done = snakemake(copied, "audit", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "all links hold" in done.stdout + done.stderr
    weights = copied / "results/demo/runs/student1/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = snakemake(copied, "audit", configfiles=MINI)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert re.search(r"changed +results/demo/runs/student1/model.safetensors", said)


def test_a_number_of_table_2_is_traced_to_its_sources(inside: Path) -> None:
    answer = trace_cell(TABLES[1], "2:hand_labeled_auc")
    assert answer.value == read_rows(TABLES[1])[3]["hand_labeled_auc"]
    assert answer.runs == ["student2"]
    assert answer.parts["scores"] == ["results/demo/scores/student2/hand.npz"]
    assert answer.parts["pseudo-labels"] == [
        f"results/demo/pseudo/round{number}.npz" for number in (1, 2)
    ]
    assert answer.parts["weights"] == [
        f"results/demo/runs/{run}/model.safetensors" for run in ("maknet", "student1", "student2")
    ]
    assert "thresholds" not in answer.parts
    listed = {
        row["series_uid"] for path in answer.parts["receipts"] for row in read_rows(path)
    }  # fmt: skip
    assert listed >= {uid for uids in answer.series.values() for uid in uids} != set()
    assert all_intact(answer.findings)


def test_a_threshold_is_part_of_an_f1(inside: Path) -> None:
    answer = trace_cell(TABLES[0], "1:text_mined_f1")
    assert answer.parts["thresholds"] == ["results/demo/thresholds/vgg16.json"]
    assert answer.parts["scores"] == [
        f"results/demo/scores/vgg16/{split}.npz" for split in ("test", "val")
    ]
    assert "pseudo-labels" not in answer.parts
    assert trace_cell(TABLES[2], "2:hand_labeled_f1").runs == ["lesanet_tcia"]


@pytest.mark.parametrize(
    ("cell", "there", "not_there"),
    [
        ("2:hand_labeled_auc_frequent_low", {"scores"}, {"thresholds"}),
        ("2:text_mined_average_precision", {"scores"}, {"thresholds"}),
        ("control:text_mined_never_predicted", {"scores", "thresholds"}, {"pseudo-labels"}),
        ("2:text_mined_evaluable", {"scores"}, {"thresholds"}),
        ("2:width", {"network"}, {"scores", "thresholds", "metrics"}),
        ("2:seeds", set(), {"network", "scores", "thresholds", "metrics"}),
    ],
)
def test_a_cell_names_what_it_depends_on_and_no_more(
    inside: Path, cell: str, there: set[str], not_there: set[str]
) -> None:
    answer = trace_cell(TABLES[1], cell)
    assert there <= answer.parts.keys()
    assert not not_there & answer.parts.keys()
    named = {path for paths in answer.parts.values() for path in paths}
    assert named <= {f.path for f in answer.findings}  # nothing is named that is not audited


def test_a_cell_with_a_root_reads_every_byte(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep: list[bool] = []

    class Spy(Lineage):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            deep.append(named["deep"])
            super().__init__(*arguments, **named)

    monkeypatch.setattr("maknet.provenance.trace.Lineage", Spy)
    printed = file_root(read_records(Path("results/demo"))[TABLES[1]], TABLES[1])
    answer = trace_cell(TABLES[1], "2:hand_labeled_auc", root=printed)
    assert all_intact(answer.findings)
    trace_cell(TABLES[1], "2:hand_labeled_auc")
    assert deep == [True, False]


@pytest.mark.parametrize(
    ("cell", "words"),
    [("9:hand_labeled_auc", "has no row '9'; it has 1 to 4"), ("1:auc", "has no column 'auc'")],
)
def test_a_cell_that_is_not_there_is_named(inside: Path, cell: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        trace_cell(TABLES[1], cell)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_the_crate_is_a_valid_provenance_run_crate(inside: Path) -> None:
    """The public validator at REQUIRED level, offline: contexts stand in for their addresses."""
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings

    root = Path("results/demo").absolute()
    document = read_json(root / "ro-crate-metadata.json")
    context = read_json(Path(rocrate.__file__).parent / "data/ro-crate.jsonld")["@context"]
    run_terms = ("environment", "sha256")
    document["@context"] = {
        **context, **{t: f"https://w3id.org/ro/terms/workflow-run#{t}" for t in run_terms}
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as cache:
        settings = ValidationSettings(
            rocrate_uri=None, package_root=root, offline=True, cache_path=Path(cache) / "c",
            profile_identifier="provenance-run-crate-0.5", requirement_severity=Severity.REQUIRED,
        )  # fmt: skip
        result = services.validate_metadata_as_dict(document, settings)
    assert result.passed(), [(i.check.identifier, i.message) for i in result.get_issues()]


def test_the_crate_tells_the_run(inside: Path) -> None:
    graph = read_json("results/demo/ro-crate-metadata.json")["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert len(by_id) == len(graph)
    jobs = [e for e in graph if e["@id"].startswith("#job/")]
    rules = {e["@id"] for e in graph if e["@id"].startswith("#rule/")}
    assert {job["instrument"]["@id"] for job in jobs} == rules
    assert {"#rule/train_student", "#rule/make_table3", "#rule/draw_phantom_series"} <= rules
    table = by_id["table3.csv"]
    assert table["sha256"] == read_records(Path("results/demo"))[TABLES[2]].outputs[TABLES[2]]
    assert (inside / "results/demo/workflow/Snakefile").is_file()
    assert by_id["./"]["license"]
    assert by_id["./"]["author"]
    for entity in graph:  # no reference to what is not there
        for value in entity.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and item["@id"].startswith(("#", ".")):
                    assert item["@id"] in by_id, (entity["@id"], item)


def test_the_citation_file_is_valid() -> None:
    """The keys and types of CFF 1.2.0 that this file uses."""
    person = {
        "type": "object", "additionalProperties": False,
        "anyOf": [{"required": ["name"]}, {"required": ["family-names", "given-names"]}],
        "properties": {key: {"type": "string"} for key in ("name", "family-names", "given-names")},
    }  # fmt: skip
    people = {"type": "array", "minItems": 1, "items": person}
    work = {
        "type": "object", "required": ["authors", "title", "type"], "additionalProperties": False,
        "properties": {"authors": people, "year": {"type": "integer"}, "type": {"enum": [
            "article", "software", "dataset", "conference-paper"]},
            **{key: {"type": "string"} for key in ("title", "journal", "notes", "doi")}},
    }  # fmt: skip
    schema = {
        "type": "object", "required": ["authors", "cff-version", "message", "title"],
        "additionalProperties": False,
        "properties": {"authors": people, "cff-version": {"const": "1.2.0"},
                       "type": {"enum": ["software", "dataset"]}, "license": {"const": "MIT"},
                       "preferred-citation": work, "references": {"type": "array", "items": work},
                       **{key: {"type": "string"} for key in ("message", "title", "version")}},
    }  # fmt: skip
    Draft202012Validator(schema).validate(yaml.safe_load((ROOT / "CITATION.cff").read_text()))


def test_data_and_licenses_name_all_sources(inside: Path) -> None:
    rows = read_rows("results/demo/data_and_licenses.csv")
    assert {row["name"] for row in rows} == {"Synthetic CT", "Synthetic textures"}
    assert "cite the workflow" in Path("results/demo/pages/data_and_licenses.html").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code in which a module of the training loop was changed."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(
        ".*", "results", "data", "tests", "__pycache__"))  # fmt: skip
    for name in ("maknet/data",):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    (folder / "tests/workflow").mkdir(parents=True)
    shutil.copy(ROOT / MINI[1], folder / MINI[1])
    with (folder / "maknet/training/lesanet/losses.py").open("a") as handle:
        handle.write("\n\nADDED = 1\n")
    return folder


def planned(checkout: Path, run: Path, *configfiles: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(run), "--cores", "2", "--dry-run",
         "--configfile", *MINI, *configfiles],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, re.MULTILINE))


def test_changed_code_reruns_what_reaches_it_unless_it_is_accepted(
    checkout: Path, copied: Path, tmp_path: Path
) -> None:
    reached = planned(checkout, copied)
    # LesaNet's three arms, their scores and what they end in.
    assert {"train_lesanet", "predict_scores", "make_table3", "draw_training_curves"} <= reached
    # Table 2 and what stands beside the paper read files of the checkout, which is another here.
    unreached = {
        "train_network", "train_student", "pseudo_label", "pretrain_vgg16", "prepare_series",
        "make_table1", "draw_architecture", "draw_explanations", "explain_run",
    }  # fmt: skip
    assert not unreached & reached
    accepted = tmp_path / "accepted.yaml"
    rules = ["train_lesanet"]
    accepted.write_text(json.dumps({"jobs": {"accepted_code": rules}}))
    trained = {"train_", "predict_", "compute_"}
    again = planned(checkout, copied, str(accepted))
    assert not {name for name in again if name.startswith(tuple(trained))}
