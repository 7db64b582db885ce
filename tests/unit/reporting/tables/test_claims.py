"""Verdicts on claims: synthetic results whose truth is known, and what must not be decided."""

from typing import Any

import numpy as np
import pytest
import yaml

from maknet.files import ROOT
from maknet.metrics.multilabel import MEASURES
from maknet.reporting.tables.claims import (
    COLUMNS,
    NO_VERDICT,
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    Measured,
    combined_verdict,
    judge_claims,
)
from maknet.reporting.tables.claims_page import claims_markdown, claims_table, page_note
from maknet.reporting.tables.runs import Repeated

CLAIMS = yaml.safe_load((ROOT / "config/claims.yaml").read_text())
SCATTER = 0.01  # of patients and, independently, of seeds
RUNS = ("maknet", "vgg16", "resnet18", "vgg16_imagenet", "resnet18_imagenet", "student1",
        "student5", "lesanet_tcia", "lesanet_imagenet", "lesanet_scratch_slow")  # fmt: skip


def repeated(level: float, seeds: int, chance: np.random.Generator) -> Repeated:
    """A run with one level in all measures; the scatter of patients is its own: the hard case."""
    of_seeds = level + chance.normal(0, SCATTER, seeds)
    metrics = [
        {split: {"summary": dict.fromkeys(MEASURES, value)} for split in ("test", "hand")}
        for value in of_seeds
    ]
    shape = (200, len(MEASURES))
    bootstrap = [
        {split: value + chance.normal(0, SCATTER, shape) for split in ("test", "hand")}
        for value in of_seeds
    ]
    return Repeated(metrics, bootstrap)


def measured(levels: dict[str, float], seeds: int = 5, number: int = 0) -> Measured:
    chance = np.random.default_rng(number)
    parameters = {"maknet": 4_503_511, "vgg16": 14_773_683, "resnet18": 11_235_507}
    return Measured(
        runs={run: repeated(levels.get(run, 0.5), seeds, chance) for run in RUNS},
        networks={run: {"paper_size_parameters": n} for run, n in parameters.items()},
        perturbations=[
            {"arch": "MAKNet minus VGG16", "change": "replaced", "moved": "-0.05",
             "moved_low": "-0.08", "moved_high": "-0.02", "trainings": "1"},
            {"arch": "MAKNet", "change": "deleted", "drop": "0.2", "drop_low": "0.1",
             "drop_high": "0.3", "trainings": "5"},
        ],
        last="student5", confidence=0.95,
    )  # fmt: skip


def claim(first: str, second: str, metric: str = "f1", **more: Any) -> dict[str, Any]:
    test = {"runs": [first, second], "test_set": "hand_labeled", "metrics": [metric], **more}
    return {"id": "c", "section": "4", "sentence": "s", "higher": test}


def test_twenty_of_twenty_known_truths() -> None:
    """Effects of ten times the scatter, either way, are told; none is told where there is none."""
    right = 0
    for number in range(20):
        effect = (0.1, -0.1, 0.0)[number % 3]
        truth = (REPRODUCED, NOT_REPRODUCED, UNDECIDED)[number % 3]
        found = measured({"maknet": 0.5 + effect}, number=number)
        metric = ("f1", "auc", "recall")[number // 3 % 3]
        (row,) = judge_claims("deeplesion", [claim("maknet", "vgg16", metric)], found)
        right += row["verdict"] == truth
    assert right == 20


def test_an_undecided_claim_says_what_could_have_been_seen() -> None:
    (row,) = judge_claims("deeplesion", [claim("last", "maknet")], measured({}))
    assert row["verdict"] == UNDECIDED
    assert row["why"] == "the interval holds zero"
    assert float(row["half_width"]) == pytest.approx(
        (float(row["high"]) - float(row["low"])) / 2, abs=1e-4
    )
    assert row["cells"] == "hand_labeled_f1 of runs student5 and maknet"


def test_one_seed_and_a_metric_without_an_interval_decide_nothing() -> None:
    strong = measured({"maknet": 0.9}, seeds=1)
    (row,) = judge_claims("deeplesion", [claim("maknet", "vgg16")], strong)
    assert (row["verdict"], row["why"]) == (UNDECIDED, "one seed")
    assert row["half_width"] == ""  # its interval holds no scatter of training
    (row,) = judge_claims("deeplesion", [claim("maknet", "vgg16", "precision")], strong)
    assert row["verdict"] == UNDECIDED
    assert row["why"] == "no interval is known to hold for precision"
    assert row["low"] == "-"
    strong = measured({"maknet": 0.9})
    (row,) = judge_claims("deeplesion", [claim("maknet", "vgg16", "precision")], strong)
    assert row["verdict"] == REPRODUCED


@pytest.mark.parametrize(
    ("verdicts", "need", "expected"),
    [("rrru", 3, REPRODUCED), ("rruu", 3, UNDECIDED), ("rrnn", 3, NOT_REPRODUCED),
     ("rrun", 3, UNDECIDED), ("u", 1, UNDECIDED), ("nnnn", 1, NOT_REPRODUCED), ("rn", 2,
      NOT_REPRODUCED)],
)  # fmt: skip
def test_some_of_several_parts(verdicts: str, need: int, expected: str) -> None:
    names = {"r": REPRODUCED, "n": NOT_REPRODUCED, "u": UNDECIDED}
    assert combined_verdict([names[letter] for letter in verdicts], need) == expected


def test_on_phantoms_there_is_no_verdict_but_what_would_be_said() -> None:
    rows = judge_claims("phantom", CLAIMS, measured({"maknet": 0.9}))
    assert {row["verdict"] for row in rows} == {NO_VERDICT}
    assert {REPRODUCED, UNDECIDED} <= {row["would_say"] for row in rows}
    assert "no verdict on the paper is possible" in page_note(rows)
    table = claims_table(rows)
    assert set(table["Verdict"]) == {"none"}
    assert "Root of claims.csv: `abc`" in claims_markdown(rows, "abc")


def test_every_claim_of_the_file_can_be_judged() -> None:
    rows = judge_claims("deeplesion", CLAIMS, measured({"maknet": 0.9}))
    by_id = {row["claim"]: row for row in rows}
    assert len(by_id) == len(CLAIMS) >= 20
    assert all(tuple(row) == COLUMNS for row in rows)
    assert by_id["fewer than VGG16"]["verdict"] == REPRODUCED
    assert by_id["fewer than ResNet18"]["verdict"] == REPRODUCED
    assert by_id["above VGG16 from random weights, hand-labeled"]["verdict"] == REPRODUCED
    assert by_id["above pretrained VGG16, hand-labeled"]["verdict"] == REPRODUCED
    assert by_id["last student's F1, hand-labeled"]["verdict"] == NOT_REPRODUCED
    fewer = by_id["change less than VGG16, replaced"]
    assert (fewer["measured"], fewer["low"], fewer["high"]) == ("0.0500", "0.0200", "0.0800")
    assert fewer["why"] == "each network was trained once"
    assert by_id["change less than VGG16, black patches"]["why"] == "it was not measured"


def test_a_perturbation_is_judged_when_the_networks_were_trained_several_times() -> None:
    rows = judge_claims("deeplesion", CLAIMS, measured({"maknet": 0.9}))
    (salient,) = [row for row in rows if row["claim"] == "salient regions matter"]
    assert (salient["verdict"], salient["low"]) == (REPRODUCED, "0.1000")
