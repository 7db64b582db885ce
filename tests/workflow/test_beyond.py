"""What goes beyond the paper, on the small run: one command, on top of what is there."""

from pathlib import Path

import numpy as np
import pytest

from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.files import read_rows
from maknet.provenance.lineage import audit
from maknet.provenance.links import all_intact
from tests.workflow.conftest import MINI, Run, jobs

# The multiverse, the fourth of `beyond`, is in test_scenarios.py.
MADE = [f"results/demo/{name}.csv" for name in ("factors", "transfer", "claims")]
pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def test_factors_and_transfer(
    copied: Path, snakemake: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = jobs(snakemake(copied, *MADE, "--dry-run", configfiles=MINI).stdout)
    assert planned["train_factor"] == 4  # two of six cells are table 2's
    assert planned["train_lesanet"] == 2  # three of five starts are table 3's
    assert "prepare_series" not in planned
    done = snakemake(copied, *MADE, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    monkeypatch.chdir(copied)
    results = Path("results/demo")
    cells = read_rows(results / "factors.csv")
    assert [(c["noise"], c["pseudo_labels"]) for c in cells] == [
        (noise, labels) for labels in ("none", "shuffled", "real") for noise in ("noise", "clean")
    ]
    assert {c["dataset"] for c in cells} == {"phantom"}
    assert cells[0]["run"] == "control"
    of_control = read_rows(results / "table2.csv")[1]
    assert cells[0]["hand_labeled_auc"] == of_control["hand_labeled_auc"]
    assert len(read_rows(results / "transfer.csv")) == 5
    differences = {r["difference_of"] for r in read_rows(results / "factors_difference.csv")}
    assert "pseudo-labels, noise minus shuffled pseudo-labels, noise" in differences
    real, shuffled = (
        load_pseudo_labels(results / f"pseudo/round1{s}.npz") for s in ("", "_shuffled")
    )
    assert np.array_equal(real.label_counts(), shuffled.label_counts())
    assert not np.array_equal(real.score, shuffled.score)
    assert np.array_equal(np.sort(real.score, axis=None), np.sort(shuffled.score, axis=None))
    claims = read_rows(results / "claims.csv")
    assert {claim["verdict"] for claim in claims} == {"none: not the paper's data"}
    assert {claim["would_say"] for claim in claims if "VGG16" in claim["claim"]} <= {
        "undecided", "reproduced"
    }  # fmt: skip
    assert all_intact(audit(*MADE))
    again = jobs(snakemake(copied, *MADE, "--dry-run", configfiles=MINI).stdout)
    assert again == {}
