from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from maknet.config.scenarios import Scenarios, folder_of, name_of, watched_runs, with_scenario
from maknet.config.settings import merge
from maknet.errors import InputError
from maknet.files import ROOT

SCHEMA = str(ROOT / "workflow/schemas/config.schema.yaml")


def config(*overlays: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("config/paper.yaml", "config/choices.yaml", *overlays):
        merge(found, yaml.safe_load((ROOT / name).read_text()))
    merge(found, more)
    return found


def mine(**settings: Any) -> dict[str, Any]:
    return {"scenarios": {"mine": {"set": settings}}, "varied": ["mine"]}


def said_of(settings: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        _ = Scenarios(config(**mine(**settings)), SCHEMA).names
    return str(caught.value)


def reached(scenarios: Scenarios, name: str, *patterns: str) -> list[bool]:
    return [
        scenarios.path("<results>/{scenario}" + pattern, folder_of(name)).startswith(
            f"<results>/scenarios/{name}/"
        )
        for pattern in patterns
    ]


def test_a_folder_is_a_name_and_back() -> None:
    assert folder_of("a_b") == "scenarios/a_b/"
    assert name_of("scenarios/a_b/") == "a_b"
    assert folder_of("") == name_of("") == ""


def test_a_choice_replaces_its_keys_alone() -> None:
    base = config("config/demo.yaml")
    found = with_scenario(base, "noise_strong")
    assert found["augmentation"]["rotation_deg"] == 30
    assert found["augmentation"]["grayscale"] == base["augmentation"]["grayscale"]
    assert base["augmentation"]["rotation_deg"] == 8
    assert with_scenario(base, "") == base


def test_an_unknown_scenario_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"no scenario 'windw'.*window_soft_tissue"):
        with_scenario(config(), "windw")
    with pytest.raises(InputError, match="no scenario 'gone'"):
        _ = Scenarios(config(varied=["gone"]), SCHEMA).names


def test_what_a_choice_does_not_reach_is_shared() -> None:
    scenarios = Scenarios(config("config/demo.yaml"), SCHEMA)
    files = ("labels/train.npz", "runs/maknet/model.safetensors", "pseudo/round1.npz",
             "runs/student1/history.csv", "pseudo/round2.npz", "metrics/lesanet_tcia.json",
             "metrics/lesanet_imagenet.json")  # fmt: skip
    assert reached(scenarios, "noise_strong", *files) == [False, False, False, *[True] * 3, False]
    assert reached(scenarios, "window_soft_tissue", *files) == [False, *[True] * 5, False]
    assert reached(scenarios, "lesanet_rate_0_001", *files) == [*[False] * 5, True, True]
    assert reached(scenarios, "numerics_native", *files) == [True] * 7
    assert reached(scenarios, "seed_1", *files) == [False, *[True] * 6]
    assert reached(scenarios, "top_1", *files, "explain/maknet.npz") == [*[False] * 7, True]


@pytest.mark.parametrize("overlay", [(), ("config/demo.yaml",)])
def test_every_shipped_scenario_is_a_valid_configuration(overlay: tuple[str, ...]) -> None:
    known = config(*overlay) | {"varied": None}
    names = Scenarios(known, SCHEMA).names
    assert len(names) > 25
    left_out = set(known["scenarios"]) - set(names)
    assert left_out <= {
        "best_f1", "best_auc", "unlabeled_half", "unlabeled_equal", "grayscale_off", "grayscale_on",
        "lesanet_rate_0_01", "lesanet_rate_0_001", "region_box", "region_double",
        *(f"seed_{seed}" for seed in range(1, 5)),
    }  # fmt: skip
    if overlay == ("config/demo.yaml",):
        assert "seed_4" in names
        assert "lesanet_rate_0_01" not in names


def test_several_seeds_need_no_scenario_of_another() -> None:
    assert "seed_1" not in Scenarios(config("config/demo.yaml", seeds=[1, 2]), SCHEMA).names


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"student": {"rounds": 3}}, "student.rounds cannot be varied"),
        ({"unlabeled": {"batch_size": 3}}, "unlabeled.batch_size cannot be varied"),
        ({"tcia": {"leave_out": []}}, "tcia.leave_out cannot be varied"),
        ({"paths": {"results": "r"}}, "paths.results cannot be varied"),
        ({"device": "cpu"}, "device cannot be varied"),
        ({"loss": {"gama": 1}}, "Unknown configuration key 'loss.gama'"),
        ({"loss": {"gamma": -1}}, "'loss.gamma' is out of range"),
    ],
)
def test_what_cannot_be_varied_is_refused(settings: dict[str, Any], said: str) -> None:
    assert said_of(settings).startswith("Scenario 'mine': ")
    assert said in said_of(settings)


def test_a_scenario_has_one_seed() -> None:
    known = config("config/demo.yaml", **mine(seeds=[9, 10]))
    with pytest.raises(InputError, match=r"^Scenario 'mine': 'seeds' must hold one seed"):
        _ = Scenarios(known, SCHEMA).names


def test_a_scenario_of_ones_own_takes_three_lines() -> None:
    scenarios = Scenarios(config(**mine(image={"window_hu": [-1000, 1000]})), SCHEMA)
    assert scenarios.names == ["mine"]
    assert scenarios.config("scenarios/mine/")["image"]["window_hu"] == [-1000, 1000]


def test_conclusions_name_their_runs_once() -> None:
    runs = watched_runs(config()["conclusions"], "student5")
    assert runs[:4] == ["maknet", "vgg16", "student5", "control"]
    assert len(runs) == len(set(runs))


def rows_of_the_reproduction(text: str) -> list[str]:
    """Return the questions: first cells of the tables that have this column."""
    rows: list[str] = []
    counts = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 3:
            counts = False
        elif cells[1] == "question":
            counts = True
        elif counts and not cells[1].startswith("---"):
            rows.append(cells[1])
    return rows


def test_every_open_choice_is_varied_or_has_a_reason() -> None:
    choices = yaml.safe_load(Path(ROOT / "config/choices.yaml").read_text())
    rows = Counter(rows_of_the_reproduction((ROOT / "REPRODUCTION.md").read_text()))
    varied = {e["question"] for e in choices["scenarios"].values() if "question" in e}
    assert max(rows.values()) == 1
    assert varied | set(choices["not_varied"]) == set(rows)
    assert not varied & set(choices["not_varied"])
    assert all(entry["why"] for entry in choices["scenarios"].values())


def test_the_demo_varies_each_question_once() -> None:
    known = config("config/demo.yaml")
    names = Scenarios(known, SCHEMA).names
    assert names == known["varied"]
    every = Scenarios(known | {"varied": None}, SCHEMA).names
    asked = [known["scenarios"][name].get("question", "a seed") for name in names]
    assert set(asked) == {known["scenarios"][name].get("question", "a seed") for name in every}
    assert max(Counter(asked).values()) <= 2
