"""What TensorBoard is given: curves, settings, a few images; and what of it becomes the CSV."""

from pathlib import Path

import pandas as pd
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata, plugin_data_pb2

from maknet.training.history import History, history_to_csv
from maknet.training.loop import fit
from tests.unit.training.toy import fresh, runtime, teacher_recipe

SETTINGS = {"training.epochs": 2, "seed": 7, "loss.gamma": 2.0, "widths": "[1, 2]", "tied": True}


def events(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def shown_settings(found: EventAccumulator) -> dict[str, object]:
    """Return the settings of a run as TensorBoard's HParams show them."""
    content = found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    info = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    return {
        key: getattr(value, str(value.WhichOneof("kind"))) for key, value in info.hparams.items()
    }


def test_settings_stand_beside_the_curves_and_not_in_the_csv(tmp_path: Path) -> None:
    with History(tmp_path / "events", settings=SETTINGS) as history:
        history.add(0, {"loss": 0.5, "auc": 0.6, "speed/images_per_s": 9.0})
    assert shown_settings(events(tmp_path / "events")) == SETTINGS
    history_to_csv(tmp_path / "events", tmp_path / "history.csv")
    table = pd.read_csv(tmp_path / "history.csv")
    assert list(table.columns) == ["epoch", "auc", "loss"]
    assert len(table) == 1


def test_images_are_gray_from_black_to_white(tmp_path: Path) -> None:
    with History(tmp_path / "events") as history:
        history.add_images(torch.linspace(-2, 3, 64).reshape(1, 1, 8, 8))
        history.add_images(None)
    (image,) = events(tmp_path / "events").Images("as the network sees them")
    assert (image.width, image.height) == (8, 8)


def test_a_training_shows_a_few_of_its_first_images(tmp_path: Path) -> None:
    fit(fresh(), teacher_recipe(tmp_path, epochs=2), runtime(tmp_path / "events"))
    tags = events(tmp_path / "events").Tags()
    assert tags["images"] == ["as the network sees them"]  # one picture of all
    assert {"loss", "auc"} <= set(tags["scalars"])
