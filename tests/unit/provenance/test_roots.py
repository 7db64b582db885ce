"""A root commits to the whole lineage: every forgery is found, also one that forges all records."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maknet.provenance.digests import digest
from maknet.provenance.lineage import audit, recorded_name, result_roots
from maknet.provenance.links import all_intact
from maknet.provenance.record_writer import JobSpec, RecordWriter
from maknet.provenance.records import read_record, read_records
from maknet.provenance.roots import file_root, joined_root
from tests.unit.test_audit import lineage  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("lineage")
RESULT = "results/table.csv"
CHAIN = ("fetch/b1", "prepare/b1", "table/job")
Content = dict[str, Any]


def root_now() -> str:
    return joined_root(result_roots([RESULT], read_records(Path("results"))))


def forge(name: str, change: Callable[[Content], object]) -> None:
    path = Path(f"results/provenance/{name}.json")
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=1))


def seal_anew() -> None:
    """Make all records name each other's roots, as one who can write them all would."""
    for name in CHAIN:
        records = read_records(Path("results"))

        def relink(content: Content, records: dict[str, Any] = records) -> None:
            content["made_from"] = {
                path: file_root(records[path], path)
                for path in content["inputs"]
                if path in records
            }

        forge(name, relink)


def put(*keys: str, value: object) -> Callable[[Content], object]:
    def change(content: Content) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


def forged_file(path: str, readers: tuple[str, ...], maker: str) -> None:
    """Change a file, and its digest in every record."""
    Path(path).write_text("forged")
    forge(maker, put("outputs", path, value=digest(path)))
    for reader in readers:
        forge(reader, put("inputs", path, value=digest(path)))


CHANGES: dict[str, tuple[str, Callable[[Content], object]]] = {
    "a parameter": ("prepare/b1", put("params", "image", "size", value=4)),
    "a parameter of the result": ("table/job", put("params", "training", "epochs", value=50)),
    "a seed that was none": ("table/job", put("params", "seed", value=1)),
    "the commit": ("prepare/b1", put("environment", "commit", value="0" * 40)),
    "the clean flag": ("prepare/b1", put("environment", "clean", value="perhaps")),
    "the version of Python": ("fetch/b1", put("environment", "python", value="3.99")),
    "the CPU": ("prepare/b1", put("environment", "cpu", "model", value="another")),
    "the device": ("prepare/b1", put("device", "name", value="H100")),
    "a package's version": ("prepare/b1", put("environment", "packages", "numpy", value="1.0")),
    "a package less": ("table/job", lambda c: c["environment"]["packages"].pop("numpy")),
    "an input less": ("prepare/b1", lambda c: c["inputs"].pop("raw.csv")),
    "an input more": ("prepare/b1", put("inputs", "other.csv", value="0" * 64)),
    "the rule": ("prepare/b1", put("rule", value="prepare_series")),
    "the script": ("table/job", put("script", value="scripts/make_table2.py")),
    "a wildcard": ("prepare/b1", put("wildcards", "batch", value="b2")),
    "a file of the code": ("table/job", put("code_files", "maknet/files.py", value="0" * 64)),
    "the code": ("table/job", put("code", value="0" * 16)),
    "the configuration": ("table/job", put("config", value="0" * 64)),
    "the folders": ("table/job", put("folders", value=[])),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_forged_record_is_found(name: str) -> None:
    printed = root_now()
    before = {str(f) for f in audit(RESULT)}
    forge(*CHANGES[name])
    if (
        CHANGES[name][0] != "table/job"
    ):  # nothing names the root of the last one but what is printed
        assert not all_intact([f for f in audit(RESULT) if str(f) not in before])
    seal_anew()
    assert not all_intact(audit(RESULT, root=printed))


@pytest.mark.parametrize(
    ("path", "maker", "readers"),
    [(RESULT, "table/job", ()), ("results/index.csv", "prepare/b1", ("table/job",)),
     ("results/images/a.png", "prepare/b1", ("table/job",))],
)  # fmt: skip
def test_a_forged_file_with_forged_digests_is_found(
    path: str, maker: str, readers: tuple[str, ...]
) -> None:
    printed = root_now()
    if path.endswith(".png"):
        Path(path).write_text("forged")
        path = str(Path(path).parent)
        for name, side in ((maker, "outputs"), *((r, "inputs") for r in readers)):
            forge(name, put(side, path, value=digest(path)))
    else:
        forged_file(path, readers, maker)
    seal_anew()
    assert all_intact(audit(RESULT))  # the records alone cannot tell
    assert not all_intact(audit(RESULT, root=printed))


def test_raw_data_is_committed_to() -> None:
    printed = root_now()
    Path("raw.csv").write_text("forged")
    forge("prepare/b1", put("inputs", "raw.csv", value=digest("raw.csv")))
    seal_anew()
    assert all_intact(audit(RESULT))
    assert not all_intact(audit(RESULT, root=printed))


@pytest.mark.parametrize("change", [put("exit", value=1), put("started", value="2999-01-01")])
def test_what_a_root_leaves_out_must_make_sense(change: Callable[[Content], object]) -> None:
    printed = root_now()
    forge("prepare/b1", change)
    assert root_now() == printed
    assert not all_intact(audit(RESULT, root=printed))


def test_a_kept_configuration_is_what_its_name_says() -> None:
    (kept,) = Path("results/provenance/config").iterdir()
    content = json.loads(kept.read_text())
    content["resolved"]["training"]["epochs"] = 7
    kept.write_text(json.dumps(content))
    broken = [f for f in audit(RESULT) if not all_intact([f])]
    assert {f.kind for f in broken} == {"config"}
    kept.write_text("")
    assert not all_intact(audit(RESULT))


def test_an_untouched_lineage_has_the_printed_root() -> None:
    printed = root_now()
    findings = audit(RESULT, root=f" {printed.upper()}\n")
    assert all_intact(findings)
    assert [f.status for f in findings if f.kind == "root"] == ["intact"]
    assert not all_intact(audit(RESULT, root="0" * 64))


def test_the_same_job_done_again_has_the_same_root() -> None:
    before = root_now()
    forge("table/job", lambda c: c.update(started="2020-01-01", ended="2020-01-02", run={}))
    assert root_now() == before
    assert read_record(Path("results/provenance/table/job.json")).started == "2020-01-01"


def test_a_path_may_be_written_in_any_way(tmp_path: Path) -> None:
    for name in ("./results/table.csv", "results//../results/table.csv", str(tmp_path / RESULT)):
        assert recorded_name(name) == RESULT
        assert all_intact(audit(name))


def test_what_lies_in_data_is_audited_by_the_results_that_made_it() -> None:
    assert all_intact(audit("data/series/b1"))


def test_a_damaged_receipt_is_a_finding() -> None:
    Path("data/receipts/b1.csv").write_bytes(b"\xff\xfe\0")
    notes = [f.note for f in audit(RESULT, deep=True) if f.path == "data/series/b1"]
    assert notes == ["its receipt data/receipts/b1.csv is damaged"]


def test_results_of_others_are_audited_without_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("maknet.provenance.digests.write_json", refuse)
    for kept in Path("results/digests").iterdir():
        kept.unlink()
    assert not list(Path("results/digests").iterdir())
    assert all_intact(audit(RESULT, deep=True))


def test_the_audit_names_the_cpu_where_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [f for f in audit(RESULT) if f.kind == "cpu"]
    assert [f.status for f in before] == ["intact"]
    monkeypatch.setattr("maknet.provenance.links.cpu", lambda: {"model": "a laptop's"})
    (found,) = [f for f in audit(RESULT) if f.kind == "cpu"]
    assert found.status == "other"
    assert "this machine's is a laptop's" in found.note
    assert "may have other bytes" in found.note
    assert all_intact(audit(RESULT))


def test_portable_numerics_that_were_not_set_are_a_finding() -> None:
    forge("prepare/b1", put("params", "numerics", value="portable"))
    forge("prepare/b1", put("environment", "cpu", "settings", value={"MKL_CBWR": "AVX2"}))
    notes = [f.note for f in audit(RESULT) if f.kind == "cpu" and f.status == "changed"]
    assert len(notes) == 1
    assert "'MKL_CBWR'" in notes[0]


def test_with_a_root_every_byte_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who can forge a result can forge the kept digest, with size, times and inode."""
    printed = root_now()
    image = Path("results/images/a.png")
    image.write_text("b")
    now = image.stat()
    mark = [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]
    for kept in Path("results/digests").iterdir():
        content = json.loads(kept.read_text())
        if "a.png" in content.get("files", {}):
            content["files"]["a.png"]["mark"] = mark
            kept.write_text(json.dumps(content))
    assert all_intact(audit(RESULT))
    assert not all_intact(audit(RESULT, root=printed))


def test_two_jobs_that_read_different_bytes_of_one_file() -> None:
    Path("raw.csv").write_text("2")
    step = JobSpec("table", {}, {}, ["results/index.csv", "raw.csv"], [RESULT],
                   "scripts/make_table1.py", "results")  # fmt: skip
    RecordWriter(step, datetime.now(UTC)).write()
    broken = {f.path for f in audit(RESULT) if not all_intact([f])}
    assert broken == {"raw.csv"}


def test_bytes_of_a_raw_folder_count(tmp_path: Path) -> None:
    Path("raw").mkdir()
    Path("raw/x.bin").write_text("good")
    step = JobSpec("table", {}, {}, ["raw"], [RESULT], "scripts/make_table1.py", "results")
    RecordWriter(step, datetime.now(UTC)).write()
    assert all_intact(audit(RESULT))
    Path("raw/x.bin").write_text("evil")
    assert not all_intact(audit(RESULT))
    Path("raw/x.bin").write_text("good")
    Path("raw/.hidden").write_text("more")
    assert not all_intact(audit(RESULT))


def test_inputs_are_those_that_the_job_found() -> None:
    step = JobSpec("table", {}, {}, ["raw.csv"], [RESULT], "scripts/make_table1.py", "results")
    writer = RecordWriter(step, datetime.now(UTC))
    Path("raw.csv").write_text("edited while the job ran")
    writer.write()
    assert not all_intact(audit(RESULT))


def test_only_fetched_series_end_in_a_receipt() -> None:
    Path("results/receipts").mkdir()
    Path("receipts").mkdir()
    receipt = "receipts/index.csv.csv"
    Path(receipt).write_text("series_uid,file,md5\n")
    Path("results/index.csv").unlink()
    forge("prepare/b1", put("outputs", receipt, value=digest(receipt)))
    assert not all_intact(audit(RESULT))


def test_a_record_that_was_read_and_is_gone_is_a_finding_wherever_its_file_lies() -> None:
    for name in CHAIN:
        forge(name, put("folders", value=["elsewhere"]))
    seal_anew()
    assert all_intact(audit(RESULT))
    Path("results/provenance/prepare/b1.json").unlink()
    assert "missing" in {f.status for f in audit(RESULT) if f.kind == "record"}


def test_a_file_is_no_folder() -> None:
    import hashlib

    text = f"a.png\0{hashlib.sha256(b'a').hexdigest()}\n"
    Path("results/images/a.png").unlink()
    Path("results/images").rmdir()
    Path("results/images").write_text(text)
    assert not all_intact(audit(RESULT))


def test_all_of_a_kept_configuration_counts() -> None:
    (kept,) = Path("results/provenance/config").iterdir()
    content = json.loads(kept.read_text())
    content["set_elsewhere"]["training.epochs"] = 5
    kept.write_text(json.dumps(content))
    assert not all_intact(audit(RESULT))


@pytest.mark.parametrize("text", ["a: [1", "- 1", "training: 7", "training: {epochs: 2020-01-01}"])
def test_a_configuration_file_that_is_broken_now_is_a_finding(text: str) -> None:
    Path("over.yaml").write_text(text)
    found = [f for f in audit(RESULT) if f.kind == "config" and not all_intact([f])]
    assert found


def test_a_script_that_is_gone_is_a_finding() -> None:
    forge("table/job", put("script", value="scripts/gone.py"))
    (found,) = [f for f in audit(RESULT) if "gone.py" in f.path]
    assert (found.status, found.note) == ("changed", "it cannot be read")


@pytest.mark.parametrize(
    ("key", "value"),
    [("outputs", 5), ("inputs", []), ("params", []), ("environment", {}), ("started", None),
     ("made_from", None), ("folders", None), ("exit", False), ("inputs", {"raw.csv": 1})],
)  # fmt: skip
def test_a_record_of_wrong_types_counts_as_none(
    key: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    forge("prepare/b1", put(key, value=value))
    findings = audit(RESULT)
    assert not all_intact(findings)
    assert "is not a provenance record of this version" in caplog.text
