"""How often the intervals of the tables hold the true value, on the published label tables.

`python -m benchmarks.coverage LABELS --repeats 100` takes the folder of LesaNet's label files. It
does all for the body parts (Tables 1 and 2) and for all labels (Table 3). The population is the
validation and text-mined test lesions; a test set is drawn from its patients with replacement. Two
networks score it, the second a little better, each trained with several seeds: logits with a signal
of each label, noise of the patient, the lesion and the seed, and thresholds calibrated on a sample
of each seed's own. The true value is that of the whole population over the same labels: of the
training itself for one seed, else of the mean over all trainings. Patients are not in the label
files: lesions follow one another by patient in `DL_info.csv`, about 7.4 each, and runs of 8 lesion
numbers stand for them.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.labels.label_table import load_labels
from maknet.data.labels.ontology import CLASSES, load_ontology
from maknet.metrics.bootstrap import patient_weights, resampled_means, seed_interval
from maknet.metrics.multilabel import (
    MEASURES,
    MIN_POSITIVES,
    PER_LABEL,
    evaluable_labels,
    label_metrics,
)
from maknet.metrics.thresholds import calibrate_thresholds

TARGET = "docs/coverage.csv"
# By classes of labels: lesions of the hand-labeled and of the text-mined test set.
SIZES = {("bodypart",): (490, 1640), CLASSES: (500, 1759)}
SEEDS = (1, 5)
TRAININGS = 100  # of each network, of which a study has 1 or 5
LESIONS_PER_PATIENT = 8
SAMPLES = 200
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Population:
    """All lesions with labels, and the networks that scored them.

    Attributes:
        positive: (N, L).
        known: (N, L).
        patients: Patient of each lesion, 0 to P - 1, (N,).
        parents: The labels that each label switches on.
        runs: Scores (N, L) and thresholds (L,) of each training, for both networks.
        truth: `PER_LABEL` of each run over the population.
    """

    positive: Bools
    known: Bools
    patients: NDArray[np.int64]
    parents: list[list[int]]
    runs: list[list[tuple[NDArray[np.float32], NDArray[np.float64]]]]
    truth: list[list[pd.DataFrame]]


def population(folder: Path, classes: Sequence[str]) -> Population:
    ontology_file = folder / "lesion_ontology_181022.xlsx"
    tables = load_labels(
        folder / "text_mined_labels_171_and_split.json", folder / "hand_labeled_test_set.json",
        ontology_file, classes=classes,
    )  # fmt: skip
    parents = [list(p) for p in load_ontology(ontology_file, tables["val"].names).parents]
    parts = [tables["val"], tables["test"]]
    positive = np.concatenate([part.positive for part in parts])
    known = np.concatenate([part.known for part in parts])
    numbers = [part.lesion_index // LESIONS_PER_PATIENT + 10**6 * i for i, part in enumerate(parts)]
    patients = np.unique(np.concatenate(numbers), return_inverse=True)[1]
    sample = len(parts[0])  # lesions that thresholds are calibrated on
    runs = [list(trainings(positive, known, patients, gain, sample)) for gain in (0.0, 0.2)]
    truth = [
        [label_metrics(scores, positive, known, thresholds, parents)[list(PER_LABEL)]
         for scores, thresholds in network]
        for network in runs
    ]  # fmt: skip
    return Population(positive, known, patients, parents, runs, truth)


def trainings(
    positive: Bools, known: Bools, patients: NDArray[np.int64], gain: float, sample: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Yield scores and thresholds of each training of one network."""
    lesions, labels = positive.shape
    rng = np.random.default_rng(1)  # what all networks see alike: how hard labels and lesions are
    signal = np.clip(rng.normal(2.0, 0.7, labels), 0.3, 4) + gain
    bias = rng.normal(-1.5, 0.5, labels)
    of_patient = rng.normal(0, 0.3**0.5, (patients.max() + 1, labels))[patients]
    shared = of_patient + rng.normal(0, 0.3**0.5, (lesions, labels))
    for training in range(TRAININGS):
        own = np.random.default_rng([int(10 * gain), training])
        strength = signal + own.normal(0, 0.35, labels)
        logits = bias + own.normal(0, 0.3, labels) + strength * positive + shared
        logits += own.normal(0, 0.4**0.5, (lesions, labels))
        scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
        rows = own.choice(lesions, sample)
        yield scores, calibrate_thresholds(scores[rows], positive[rows], known[rows])


def draw_test_set(
    patients: NDArray[np.int64], lesions: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and patients of a test set; a patient that is drawn twice counts as two."""
    members = np.split(np.argsort(patients, kind="stable"), np.cumsum(np.bincount(patients))[:-1])
    rows: list[NDArray[np.int64]] = []
    while sum(map(len, rows)) < lesions:
        rows.append(members[rng.integers(len(members))])
    names = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    return np.concatenate(rows), names


def measure(world: Population, lesions: int, seeds: int, repeats: int) -> pd.DataFrame:
    """Return for each measure how often its interval holds the true value."""
    rng = np.random.default_rng([lesions, seeds])
    held: dict[tuple[str, str], list[tuple[bool, float, float]]] = defaultdict(list)
    for _ in range(repeats):
        rows, patients = draw_test_set(world.patients, lesions, rng)
        weights = patient_weights(patients, SAMPLES, rng)
        chosen = rng.choice(TRAININGS, seeds, replace=False)
        positive, known = world.positive[rows], world.known[rows]
        evaluable = evaluable_labels(positive, known)
        frequent = evaluable & ((positive & known).sum(0) >= MIN_POSITIVES)
        found = [_found(world, network, chosen, rows, patients, weights) for network in (0, 1)]
        for kind, (values, resampled) in {
            "level": found[0],
            "difference": (found[1][0] - found[0][0], found[1][1] - found[0][1]),
        }.items():
            for number, name in enumerate(MEASURES):
                labels = frequent if name.endswith("_frequent") else evaluable
                true = _true(world, kind, name, chosen if seeds == 1 else np.arange(TRAININGS),
                             labels)  # fmt: skip
                interval = seed_interval(values[:, number], resampled[:, number], 0.95)
                held[kind, name].append((
                    interval.low <= true <= interval.high, interval.value - true,
                    (interval.high - interval.low) / 2,
                ))  # fmt: skip
    return pd.DataFrame([
        {"kind": kind, "measure": name, "labels": world.positive.shape[1], "lesions": lesions,
         "seeds": seeds, "repeats": repeats,
         "coverage": np.mean([h[0] for h in values]), "bias": np.mean([h[1] for h in values]),
         "deviation": np.std([h[1] for h in values]),
         "half_width": np.mean([h[2] for h in values])}
        for (kind, name), values in held.items()
    ])  # fmt: skip


def _found(
    world: Population, network: int, chosen: NDArray[np.int64], rows: NDArray[np.int64],
    patients: NDArray[np.int64], weights: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return the measures of each seed (S, M), and their mean under each resample (B, M)."""
    values, resampled = [], []
    truth = world.positive[rows], world.known[rows]
    one = np.ones((1, len(rows)))
    for number in chosen:
        scores, thresholds = world.runs[network][number]
        part = (scores[rows], *truth, thresholds, world.parents, patients)
        values.append(resampled_means(*part, one)[0])
        resampled.append(resampled_means(*part, weights))
    return np.array(values), np.mean(resampled, 0)


def _true(
    world: Population, kind: str, measure_name: str, trained: NDArray[np.int64], labels: Bools
) -> float:
    name = measure_name.removesuffix("_frequent")
    first, second = (
        float(
            np.mean([world.truth[network][number][name].to_numpy()[labels] for number in trained])
        )
        for network in (0, 1)
    )
    return first if kind == "level" else second - first


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, help="folder of LesaNet's label files")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--target", default=TARGET)
    options = parser.parse_args()
    tables = []
    for classes, sizes in SIZES.items():
        world = population(options.labels, classes)
        for lesions, seeds in product(sizes, SEEDS):
            tables.append(measure(world, lesions, seeds, options.repeats))
            print(tables[-1].to_string(float_format="%.4f"), flush=True)
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(options.target, index=False, float_format="%.4f", lineterminator="\n")
