"""Training: it learns, it repeats bit for bit, it keeps the epoch it says, it stops at NaN."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from maknet.data.labeled import Labeled, load_labeled
from maknet.data.labels import LabelTable, save_table
from maknet.data.shards import ShardReader, write_shard
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.inference.predict import predict_scores
from maknet.models import build_network
from maknet.models.device import find_device
from maknet.training.history import history_to_csv
from maknet.training.loop import NotFiniteError, TrainingSettings, head_loss, train

CPU = torch.device("cpu")
SETTINGS = TrainingSettings(
    epochs=4, batch_size=8, learning_rate=0.01, gamma=2.0, max_weight=300.0, keep="auc"
)


def toy(folder: Path, name: str, count: int) -> Labeled:
    """Bright halves name the labels: top, left, or both."""
    generator = np.random.default_rng(count)
    positive = generator.random((count, 2)) < 0.5
    images = generator.integers(0, 60, (count, 3, 32, 32)).astype(np.uint8)
    images[positive[:, 0], :, :16] += 120
    images[positive[:, 1], :, :, :16] += 70
    write_shard(folder / f"{name}.npy", images)
    table = LabelTable(("top", "left"), np.arange(count), positive, np.ones_like(positive))
    return Labeled(ShardReader(folder / f"{name}.npy"), table)


@pytest.fixture
def data(tmp_path: Path) -> tuple[Labeled, Labeled]:
    return toy(tmp_path, "train", 64), toy(tmp_path, "val", 32)


def run(
    data: tuple[Labeled, Labeled], events: Path, settings: TrainingSettings = SETTINGS
) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    torch.manual_seed(5)
    network = build_network("maknet", 2, width=0.125)
    return network, train(network, *data, [[], []], settings, 1, CPU, events)


def test_it_learns(data: tuple[Labeled, Labeled], tmp_path: Path) -> None:
    long = TrainingSettings(**{**vars(SETTINGS), "epochs": 12})
    network, weights = run(data, tmp_path / "events", long)
    network.load_state_dict(weights)
    history_to_csv(tmp_path / "events", tmp_path / "history.csv")
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["epoch"].tolist() == list(range(1, 13))
    assert history["loss"].iloc[-1] < 0.7 * history["loss"].iloc[0]
    assert history["auc"].max() > 0.9
    assert (history["learning_rate"] - 0.01).abs().max() < 1e-6
    val = data[1]
    scores = predict_scores(network, val.images, np.arange(len(val.labels)), 7, CPU)
    assert scores.shape == (32, 2)
    assert scores[val.labels.positive].mean() > scores[~val.labels.positive].mean() + 0.1


def test_two_trainings_are_bit_identical(data: tuple[Labeled, Labeled], tmp_path: Path) -> None:
    (_, first), (_, second) = run(data, tmp_path / "a"), run(data, tmp_path / "b")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_keeping_the_last_epoch(data: tuple[Labeled, Labeled], tmp_path: Path) -> None:
    last = TrainingSettings(**{**vars(SETTINGS), "keep": "last"})
    network, weights = run(data, tmp_path / "e", last)
    state = network.state_dict()
    assert all(torch.equal(weights[name], state[name]) for name in weights)


def test_keeping_the_best_epoch(data: tuple[Labeled, Labeled], tmp_path: Path) -> None:
    long = TrainingSettings(**{**vars(SETTINGS), "epochs": 8})
    network, weights = run(data, tmp_path / "e", long)
    network.load_state_dict(weights)
    history_to_csv(tmp_path / "e", tmp_path / "h.csv")
    best = pd.read_csv(tmp_path / "h.csv")["auc"].max()
    from maknet.metrics.multilabel import area_under_curve

    labels = data[1].labels
    scores = predict_scores(network, data[1].images, np.arange(32), 8, CPU)
    auc = area_under_curve(scores, labels.positive, labels.known).mean()
    assert auc == pytest.approx(best, abs=1e-5)


def test_a_loss_that_overflows_stops_with_its_step(
    data: tuple[Labeled, Labeled], tmp_path: Path
) -> None:
    wild = TrainingSettings(**{**vars(SETTINGS), "learning_rate": 1e18})
    with pytest.raises(NotFiniteError, match=r"at step \d+ of epoch \d+"):
        run(data, tmp_path / "e", wild)


def test_scores_do_not_depend_on_the_batch_or_leave_training_mode_off(
    data: tuple[Labeled, Labeled],
) -> None:
    network = build_network("resnet18", 2, width=0.125).train()
    rows = np.array([5, 1, 9])
    one, many = (predict_scores(network, data[0].images, rows, size, CPU) for size in (1, 3))
    np.testing.assert_allclose(one, many, atol=1e-5)
    assert network.training


def test_the_loss_counts_a_head_without_propagation_once() -> None:
    def total(logits: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return logits.sum()

    one = torch.ones(1, 2)
    assert head_loss(total, (one, one), one, one) == 2
    assert head_loss(total, (one, one.clone()), one, one) == 4


def test_images_and_labels_must_agree(tmp_path: Path) -> None:
    data = toy(tmp_path, "a", 6)
    save_table(tmp_path / "labels.npz", data.labels)
    rows = [{"lesion_index": i} for i in (4, 2, 0, 1, 5, 3)]
    write_rows(tmp_path / "a.csv", ("lesion_index",), rows)
    joined = load_labeled(tmp_path / "a.npy", tmp_path / "a.csv", tmp_path / "labels.npz")
    assert np.array_equal(joined.labels.positive, data.labels.positive[[4, 2, 0, 1, 5, 3]])
    write_rows(tmp_path / "short.csv", ("lesion_index",), rows[:2])
    with pytest.raises(InputError, match="has 6 images for 2 lesions"):
        load_labeled(tmp_path / "a.npy", tmp_path / "short.csv", tmp_path / "labels.npz")
    write_rows(tmp_path / "other.csv", ("lesion_index",), [{"lesion_index": 99}])
    with pytest.raises(InputError, match="names lesion 99, which has no labels"):
        load_labeled(tmp_path / "a.npy", tmp_path / "other.csv", tmp_path / "labels.npz")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no GPU is visible"):
        find_device("cuda")
    assert find_device("cpu") == CPU
