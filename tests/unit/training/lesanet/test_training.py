"""LesaNet trains on patches, learns, and resumes to the same bits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from maknet.data.deeplesion.patches import PATCH_COLUMNS
from maknet.data.labels.label_table import LabelTable, save_table
from maknet.data.shards.labeled_patches import LabeledPatches, load_labeled_patches
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.inference.lesanet_scores import score_lesions
from maknet.models.build import build_network
from maknet.models.lesanet import patch_input
from maknet.training.checkpoint import Checkpoint
from maknet.training.history import history_to_csv
from maknet.training.interrupt import InterruptedTrainingError
from maknet.training.lesanet.batches import PatchLoader
from maknet.training.lesanet.objective import LossSettings
from maknet.training.lesanet.recipe import LesaNetSettings, lesanet_recipe
from maknet.training.loop import Recipe, fit
from tests.unit.training.test_resume import IDENTITY, stop_after
from tests.unit.training.toy import CPU, runtime

WINDOW = (-1024.0, 3071.0)
RELATIONS = {"names": ["bright", "left"], "parents": [[], []], "exclusive_pairs": []}
SETTINGS = LesaNetSettings(
    epochs=12, batch_size=8, learning_rate=0.01, decay_epoch=10, decay=0.1, momentum=0.9,
    weight_decay=1e-4, clip_norm=10.0, monitor="auc", window_hu=WINDOW,
    loss=LossSettings(1.0, 200, 5.0, 100, 0.1, 300.0),
)  # fmt: skip


def drawn(folder: Path, count: int) -> LabeledPatches:
    """Lesions whose patch is bright, or whose left half is."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(count)
    positive = generator.random((count, 2)) < 0.5
    hu = generator.normal(0, 60, (count, 3, 48, 48))
    hu[positive[:, 0]] += 300
    hu[positive[:, 1], :, :, :24] += 200
    write_shard(folder / f"{count}.npy", hu.astype(np.int16))
    boxes = np.tile(np.float32([10, 10, 38, 38]), (count, 1))
    table = LabelTable(("bright", "left"), np.arange(count), positive, np.ones_like(positive))
    return LabeledPatches(ShardReader(folder / f"{count}.npy"), boxes, table)


def recipe(folder: Path, settings: LesaNetSettings = SETTINGS) -> Recipe:
    evaluation = {"batch_size": 16, "threshold_grid": [0.3, 0.5, 0.7]}
    training, validation = drawn(folder, 42), drawn(folder, 24)
    return lesanet_recipe(training, validation, RELATIONS, settings, evaluation, 1, CPU)


def fresh() -> nn.Module:
    torch.manual_seed(2)
    return build_network("lesanet", 2, features=16, embedding=8, width=0.125)


def test_it_learns_and_its_rate_falls(tmp_path: Path) -> None:
    network = fresh()
    network.load_state_dict(fit(network, recipe(tmp_path), runtime(tmp_path / "e")))
    history_to_csv(tmp_path / "e", tmp_path / "h.csv")
    history = pd.read_csv(tmp_path / "h.csv")
    assert history["auc"].max() > 0.85
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    np.testing.assert_allclose(history["learning_rate"], [0.01] * 10 + [0.001] * 2, rtol=1e-5)
    test = drawn(tmp_path, 30)
    scores = score_lesions(network, test.patches, test.boxes, WINDOW, 7, CPU)
    truth = test.labels.positive
    assert scores.shape == (30, 2)
    assert scores[truth].mean() > scores[~truth].mean()


def test_a_stopped_lesanet_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = fit(fresh(), recipe(tmp_path), runtime(tmp_path / "whole"))
    for steps in (3, 5, 4):
        checkpoint = Checkpoint(tmp_path / "s.pt", IDENTITY, 1e9)
        how = runtime(tmp_path / "e", checkpoint=checkpoint, stop=stop_after(steps))
        with pytest.raises(InterruptedTrainingError):
            fit(fresh(), recipe(tmp_path), how)
    checkpoint = Checkpoint(tmp_path / "s.pt", IDENTITY, 1e9)
    resumed = fit(fresh(), recipe(tmp_path), runtime(tmp_path / "e", checkpoint=checkpoint))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_batches_are_whole_and_hold_what_belongs_together(tmp_path: Path) -> None:
    lesions = drawn(tmp_path, 21)
    loader = PatchLoader(lesions, 8, 1)
    assert loader.steps_per_epoch == 2  # the last five are dropped, as in the released code
    for batch in loader.batches(0, 0, CPU, 2):
        assert batch.patches.dtype == torch.int16
        bright = batch.patches.float().mean((1, 2, 3)) > 200
        assert torch.equal(bright, batch.positive[:, 0] > 0)
    assert PatchLoader(lesions, 128, 1).steps_per_epoch == 1


def test_the_input_is_lesanets(tmp_path: Path) -> None:
    hu = torch.tensor([[[[-1024, 3071], [0, 40]]]], dtype=torch.int16).expand(1, 3, 2, 2)
    values = patch_input(hu, WINDOW, CPU)[0, 0].flatten()
    expected = [
        -50 / 255,
        205 / 255,
        (1024 / 4095 * 255 - 50) / 255,
        (1064 / 4095 * 255 - 50) / 255,
    ]
    assert values.tolist() == pytest.approx(expected, abs=1e-6)


def test_patches_boxes_and_labels_must_agree(tmp_path: Path) -> None:
    lesions = drawn(tmp_path, 5)
    save_table(tmp_path / "l.npz", lesions.labels)
    row = dict.fromkeys(PATCH_COLUMNS, 0)
    rows = [{**row, "lesion_index": n, "x1": n, "x2": 9} for n in (4, 0, 1, 2, 3)]
    write_rows(tmp_path / "i.csv", PATCH_COLUMNS, rows)
    joined = load_labeled_patches(tmp_path / "5.npy", tmp_path / "i.csv", tmp_path / "l.npz")
    assert joined.boxes[:, 0].tolist() == [4, 0, 1, 2, 3]
    assert np.array_equal(joined.labels.positive[0], lesions.labels.positive[4])
    write_rows(tmp_path / "i.csv", PATCH_COLUMNS, rows[:3])
    with pytest.raises(InputError, match="has 5 patches for 3 rows"):
        load_labeled_patches(tmp_path / "5.npy", tmp_path / "i.csv", tmp_path / "l.npz")
