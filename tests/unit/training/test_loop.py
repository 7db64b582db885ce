"""Training: it learns, it repeats bit for bit, it keeps the epoch it says, it stops at NaN."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from maknet.data.labels.label_table import save_table
from maknet.data.shards.labeled_images import load_labeled_images
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.inference.scores import predict_scores
from maknet.metrics.multilabel import area_under_curve
from maknet.models.build import build_network
from maknet.models.device import get_device
from maknet.training.classifier.batches import Batch
from maknet.training.classifier.losses import WeightedFocalLoss
from maknet.training.classifier.objective import Objective
from maknet.training.history import history_to_csv
from maknet.training.loop import NotFiniteError, fit
from tests.unit.training.toy import (
    CPU,
    NOISE,
    fresh,
    labeled,
    runtime,
    student_recipe,
    teacher_recipe,
)


def test_it_learns(tmp_path: Path) -> None:
    network = fresh()
    recipe = teacher_recipe(tmp_path, epochs=12)
    network.load_state_dict(fit(network, recipe, runtime(tmp_path / "events")))
    history_to_csv(tmp_path / "events", tmp_path / "history.csv")
    history = pd.read_csv(tmp_path / "history.csv")
    assert list(history) == ["epoch", "auc", "f1", "learning_rate", "loss"]
    assert history["epoch"].tolist() == list(range(1, 13))
    assert history["loss"].iloc[-1] < 0.7 * history["loss"].iloc[0]
    assert history["auc"].max() > 0.9
    assert (history["learning_rate"] - 0.01).abs().max() < 1e-6
    val = labeled(tmp_path, "val", 32)
    scores = predict_scores(network, val.images, np.arange(len(val.labels)), 7, CPU)
    assert scores.shape == (32, 2)
    assert scores[val.labels.positive].mean() > scores[~val.labels.positive].mean() + 0.1


def test_a_student_learns_from_both_halves(tmp_path: Path) -> None:
    recipe = student_recipe(tmp_path, epochs=20)
    fit(fresh(), recipe, runtime(tmp_path / "events"))
    history_to_csv(tmp_path / "events", tmp_path / "history.csv")
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["loss"].iloc[-1] < 0.7 * history["loss"].iloc[0]
    assert history["auc"].max() > 0.9


def test_two_trainings_are_bit_identical_for_any_number_of_readers(tmp_path: Path) -> None:
    first, second = (
        fit(fresh(), student_recipe(tmp_path), runtime(tmp_path / str(n), loader_threads=n))
        for n in (1, 3)
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_keeping_the_last_epoch(tmp_path: Path) -> None:
    network = fresh()
    weights = fit(network, teacher_recipe(tmp_path, monitor="last"), runtime(tmp_path / "e"))
    state = network.state_dict()
    assert all(torch.equal(weights[name], state[name]) for name in weights)


def test_keeping_the_best_epoch(tmp_path: Path) -> None:
    network = fresh()
    recipe = teacher_recipe(tmp_path, epochs=8)
    network.load_state_dict(fit(network, recipe, runtime(tmp_path / "e")))
    history_to_csv(tmp_path / "e", tmp_path / "h.csv")
    best = pd.read_csv(tmp_path / "h.csv")["auc"].max()
    val = labeled(tmp_path, "val", 32)
    scores = predict_scores(network, val.images, np.arange(32), 8, CPU)
    auc = area_under_curve(scores, val.labels.positive, val.labels.known).mean()
    assert auc == pytest.approx(best, abs=1e-5)


def test_a_loss_that_overflows_stops_with_its_step(tmp_path: Path) -> None:
    wild = teacher_recipe(tmp_path, learning_rate=1e18)
    with pytest.raises(NotFiniteError, match=r"at step \d+ of epoch \d+"):
        fit(fresh(), wild, runtime(tmp_path / "e"))


def test_scores_do_not_depend_on_the_batch_or_leave_training_mode_off(tmp_path: Path) -> None:
    data = labeled(tmp_path, "train", 16)
    network = build_network("resnet18", 2, width=0.125).train()
    rows = np.array([5, 1, 9])
    one, many = (predict_scores(network, data.images, rows, size, CPU) for size in (1, 3))
    np.testing.assert_allclose(one, many, atol=1e-5)
    assert network.training


@pytest.mark.parametrize(("arch", "heads"), [("maknet", 2), ("vgg16", 1)])
def test_streams_and_heads_are_summed(arch: str, heads: int) -> None:
    network = build_network(arch, 3, width=0.125).eval()
    images = torch.randint(0, 255, (5, 3, 32, 32), dtype=torch.uint8)
    positive, known = torch.randint(0, 2, (5, 3)).float(), torch.rand(5, 3) < 0.8
    batch = Batch(images, positive, known, torch.rand(5, 7), (2, 3))
    loss = WeightedFocalLoss(torch.rand(3), torch.rand(3), 2.0)
    total = Objective(loss, (1.0, 0.5))(network, batch, CPU)
    logits = network(images.float() / 255)[-heads:]
    expected = sum(
        weight * loss(head[part], positive[part], known[part])
        for head in logits
        for part, weight in ((slice(0, 2), 1.0), (slice(2, 5), 0.5))
    )
    torch.testing.assert_close(total, expected)
    noisy = Objective(loss, (1.0, 0.5), NOISE)(network, batch, CPU)
    assert noisy.item() != total.item()


def test_images_and_labels_must_agree(tmp_path: Path) -> None:
    data = labeled(tmp_path, "a", 6)
    save_table(tmp_path / "labels.npz", data.labels)
    rows = [{"lesion_index": i} for i in (4, 2, 0, 1, 5, 3)]
    write_rows(tmp_path / "a.csv", ("lesion_index",), rows)
    joined = load_labeled_images(tmp_path / "a.npy", tmp_path / "a.csv", tmp_path / "labels.npz")
    assert np.array_equal(joined.labels.positive, data.labels.positive[[4, 2, 0, 1, 5, 3]])
    write_rows(tmp_path / "short.csv", ("lesion_index",), rows[:2])
    with pytest.raises(InputError, match="has 6 images for 2 lesions"):
        load_labeled_images(tmp_path / "a.npy", tmp_path / "short.csv", tmp_path / "labels.npz")
    write_rows(tmp_path / "other.csv", ("lesion_index",), [{"lesion_index": 99}])
    with pytest.raises(InputError, match="names lesion 99, which has no labels"):
        load_labeled_images(tmp_path / "a.npy", tmp_path / "other.csv", tmp_path / "labels.npz")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no GPU is visible"):
        get_device("cuda")
    assert get_device("cpu") == CPU
