from pathlib import Path

from maknet.files import ROOT, write_json
from maknet.reporting.audit_page.settings import job_settings, sections_of
from tests.unit.provenance.test_job_graph import job


def test_comments_of_the_configuration_are_the_papers_sections() -> None:
    found = sections_of(ROOT / "config/paper.yaml")
    assert found["training.epochs"] == "section 4.2"
    assert found["networks.maknet.dropout"] == "section 4.2"
    assert found["image.size"] == "section 4.1"
    assert found["loss.gamma"].startswith("open;")
    assert "dataset" not in found


def test_a_job_shows_the_settings_that_it_depends_on(tmp_path: Path) -> None:
    config = {"student": {"epochs": 3}, "training": {"epochs": 9}, "loss": {"gamma": 2.0},
              "evaluation": {"batch_size": 7, "threshold_grid": [0.5]},
              "networks": {"maknet": {"growth": 40}, "vgg16": {"width": 1}}, "device": "cpu",
              "seeds": [123, 4]}  # fmt: skip
    write_json(tmp_path / "provenance/config/abc.json", {"resolved": config})
    one = job("train_network", [], ["w"], 1, net="maknet", seed="-seed4")
    one.params.update(arch="maknet", seed=4, numerics="portable",
                      precision="float32", compile=False)  # fmt: skip
    one = type(one)(**{**one.__dict__, "config": "abc"})
    found = dict(job_settings(one, tmp_path))
    assert found["training.epochs"] == "9"
    assert found["networks.maknet.growth"] == "40"
    assert found["seeds"] == "4"
    assert found["jobs.numerics"] == "portable"
    assert found["jobs.precision"] == "float32"
    assert not [key for key in found if key.startswith(("student", "networks.vgg16"))]
