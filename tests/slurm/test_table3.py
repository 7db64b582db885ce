"""Table 3 of the demo through the profile as shipped, on a real Slurm with two pretended GPUs."""

from pathlib import Path

import pytest

from maknet.files import read_rows
from maknet.provenance.records import read_record
from tests.slurm.cluster import Cluster, Head

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
GPU_RULES = ("train_", "pretrain_", "predict_", "pseudo_label", "explain_run")
LOCAL_RULES = {"make_table3", "exclude_series"}


def test_every_job_runs_on_slurm_and_each_gpu_rule_sees_one_gpu(
    cluster: Cluster, tmp_path: Path
) -> None:
    rehearsal = tmp_path / "rehearsal.yaml"
    rehearsal.write_text("jobs: {rehearse_gpu: true}\n")
    files = ("config/demo.yaml", "tests/workflow/mini.yaml", str(rehearsal))
    head = Head(tmp_path, "results/demo/table3.csv", configfiles=files)
    assert head.finish(1500) == 0, head.said()[-3000:]

    table = read_rows(tmp_path / "results/demo/table3.csv")
    assert [row["dataset"] for row in table] == ["phantom"] * 4
    records = [
        read_record(path)
        for path in (tmp_path / "results/demo/provenance").glob("*/*.json")
        if path.parent.name != "config"
    ]
    ended = cluster.completed()
    submitted = set(head.submitted())
    assert {record.rule for record in records} > {"train_lesanet", "pseudo_label"}
    for record in records:
        job, gpus = record.run["slurm_job"], record.run["visible_gpus"]
        if record.rule in LOCAL_RULES:
            assert job is None
            continue
        assert job in submitted
        assert ended[job]["JobState"] == "COMPLETED"
        assert ended[job]["WorkDir"] == str(tmp_path)
        expected = {"0", "1"} if record.rule.startswith(GPU_RULES) else {None}
        assert gpus in expected, record.rule
    assert len(submitted) == len(records) - len(LOCAL_RULES)
