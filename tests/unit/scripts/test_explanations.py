"""The study of two networks and its tables, by their scripts."""

from pathlib import Path

import pandas as pd

from scripts import explain_run, summarize_explanations
from tests.gpu.files import EXPLAIN, write_hand, write_network


def test_the_patients_of_a_study_reach_the_tables(tmp_path: Path) -> None:
    hand = write_hand(tmp_path, 5)
    studies = []
    for arch in ("maknet", "vgg16"):
        studies.append(tmp_path / f"{arch}.npz")
        explain_run.main(
            **write_network(tmp_path, arch), **hand, study=studies[-1],
            explain={**EXPLAIN, "steps": 2}, seed=1, device="cpu", threads=1,
        )  # fmt: skip
    files = {name: tmp_path / name for name in ("p.csv", "d.csv", "d.png", "d.pdf")}
    summarize_explanations.main(["MAKNet", "VGG16"], studies, "phantom", 0.95, *files.values())
    changes, curves = pd.read_csv(files["p.csv"]), pd.read_csv(files["d.csv"])
    assert changes["arch"].unique().tolist() == ["MAKNet", "VGG16", "MAKNet minus VGG16"]
    assert set(changes["patients"]) == set(curves["patients"]) == {3}
    assert set(changes["images"]) == set(curves["images"]) == {5}
    assert (curves["confidence_low"] < curves["confidence_high"]).all()
    assert files["d.png"].stat().st_size > 10_000
