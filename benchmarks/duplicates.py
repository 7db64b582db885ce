"""Are copies of slices found, and nothing else?

* planted: copies of synthetic and, with MAKNET_REAL_DATA, of real slices, changed as archives
  change them, looked for among slices of as many different synthetic patients as `--others` says:
  recall by kind of change, and the ROC of the confirmation against the nearest look-alikes;
* distinct: of all pairs of these other patients' slices, the nearest are compared on pixels;
* series: copies of whole series among each other and other patients' series;
* neighbors: how alike slices of one series are, by their distance;
* scale: time and memory of 21,000 queries against 1.5 million fingerprints, drawn with the
  distribution of the real and synthetic ones.

    python -m benchmarks.duplicates --others 100000 --out duplicates.json
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.planted_copies import COPIES, Stack
from maknet.data.ct.preprocess import ImageSettings, prepare_slices, reorient
from maknet.data.ct.series import read_series
from maknet.duplicates.confirm import Comparison, compare
from maknet.duplicates.decide import Limits, alike
from maknet.duplicates.fingerprint import LENGTH, fingerprints, image_fingerprints
from maknet.duplicates.metric import Metric, fit_metric
from maknet.duplicates.search import Neighbors, nearest
from maknet.duplicates.variations import CUTS, cut, variations
from maknet.files import ROOT
from maknet.leakage.image_sets import ImageSet
from maknet.leakage.pairs import find_duplicates
from maknet.phantom.anatomy import random_patient
from maknet.phantom.render import Scanner, render
from maknet.seeding import generator

SETTINGS = ImageSettings()
WINDOW = SETTINGS.window_hu
MATRIX, STEP_MM = 160, 2.5
REAL = ("head_neck", "abdomen_jpeg2000", "chest_crop_1", "chest_crop_2")
SEED = 20
LIMITS = Limits.from_config(yaml.safe_load((ROOT / "config/paper.yaml").read_text())["duplicates"])


@dataclass(frozen=True)
class Prepared:
    """Images as the workflow prepares them.

    Attributes:
        images: (N, 3, S, S) uint8.
        pixel_mm: Size of a pixel of the image along rows and columns, (N, 2).
    """

    images: NDArray[np.uint8]
    pixel_mm: NDArray[np.float64]


def prepared(stacks: Sequence[Stack]) -> Prepared:
    """Prepare stacks of three slices; one without a body is black."""
    images = np.zeros((len(stacks), 3, SETTINGS.size, SETTINGS.size), np.uint8)
    pixel_mm = np.ones((len(stacks), 2))
    for number, stack in enumerate(stacks):
        hu = np.clip(np.rint(stack.hu), -1024, 3071).astype(np.int16)
        found = prepare_slices(hu, SETTINGS)
        if found is not None:
            images[number], (top, bottom, left, right) = found
            sides = np.array([bottom - top, right - left])
            pixel_mm[number] = sides * stack.pixel_mm / SETTINGS.size
    return Prepared(images, pixel_mm)


def drawn(purpose: str, number: int, slices: int = 3) -> Stack:
    """Draw neighboring slices of a patient of its own, at a level of the trunk, head or legs."""
    rng = generator(SEED, purpose, number)
    patient = random_patient(rng)
    level = float(rng.uniform(60, 1000))
    scanner = Scanner(MATRIX, float(rng.uniform(380, 460)), float(rng.uniform(8, 30)))
    hu = {at: render(patient, level + at * STEP_MM, scanner, rng).hu for at in _outward(slices)}
    return Stack(np.stack([hu[at] for at in sorted(hu)]), scanner.pixel_mm)


def _outward(slices: int) -> list[int]:
    """Return places in a stack from its middle outward, so that the middle is drawn alike."""
    middle = (slices - 1) // 2
    return sorted(range(-middle, slices - middle), key=abs)


def real_stacks(slices: int) -> Iterator[tuple[str, Stack]]:
    """Yield neighboring slices of the real series, if they are here."""
    folder = Path(os.environ.get("MAKNET_REAL_DATA", "../shared/real")) / "ct"
    for name in REAL if folder.is_dir() else ():
        hu, _, spacing = reorient(read_series(folder / name))
        for first in range(0, len(hu) - slices + 1, 3):
            yield name, Stack(hu[first : first + slices].astype(np.float64), spacing[1])


def middle_fingerprint(number: int) -> NDArray[np.int8]:
    """Return the fingerprint of another patient's middle slice."""
    image = prepared([drawn("other", number, 1)]).images[:, 1]
    return fingerprints(image, WINDOW)[0]


def fit(images: NDArray[np.uint8], population: NDArray[np.int8]) -> Metric:
    """Learn the metric as the workflow does."""
    originals = fingerprints(images[:, 1], WINDOW)
    changed = [fingerprints(v, WINDOW) for v in variations(images, WINDOW, generator(SEED, "fit"))]
    whole = np.concatenate([population, originals])
    return fit_metric(whole, np.concatenate([originals] * len(changed)), np.concatenate(changed))


def measure_planted(
    sources: Sequence[tuple[str, Stack]], others: NDArray[np.int8], limits: Limits
) -> dict[str, Any]:
    """Look for planted copies among others, and confirm them and their look-alikes."""
    originals = prepared([Stack(s.hu[:3], s.pixel_mm) for _, s in sources])
    metric = fit(originals.images[::2], others)
    real = np.array([name != "drawn" for name, _ in sources])
    rng = generator(SEED, "planted")
    kinds: dict[str, Any] = {}
    scores: list[Any] = []
    for kind, change in COPIES.items():
        copies = prepared([change(_of(stack, kind), rng) for _, stack in sources])
        database = metric(np.concatenate([fingerprints(copies.images[:, 1], WINDOW), others]))
        found = search(metric, originals.images, database, limits.nearest)
        hit = found.row == found.query
        candidate = np.zeros(len(sources), bool)
        candidate[found.query[hit]] = True
        compared = compare(originals.images, copies.images, (WINDOW, WINDOW))
        ratio = compared.scale * copies.pixel_mm / originals.pixel_mm
        certain = alike(compared.correlation, ratio, limits)
        kinds[kind] = {
            "copies": len(sources),
            "candidates": share(candidate), "likely": share(candidate & certain),
            "likely, real": share((candidate & certain)[real]),
            "likely, drawn": share((candidate & certain)[~real]),
            "correlation, 1st percentile": rounded(np.quantile(compared.correlation, 0.01)),
            "correlation, median": rounded(np.median(compared.correlation)),
        }  # fmt: skip
        scores += compared.correlation[candidate].tolist()
        if kind == "noise":
            look_alikes = found.row >= len(sources)
            pairs = found.query[look_alikes], found.row[look_alikes] - len(sources)
    correlation, ratio = compare_others(originals, *pairs)
    false = alike(correlation, ratio, limits)
    certain = false & (correlation >= limits.certain)
    return {
        "kinds": kinds, "look-alikes": len(correlation), "likely": int(false.sum()),
        "confirmed": int(certain.sum()), "likely, real": int(false[real[pairs[0]]].sum()),
        "highest correlation of a look-alike": rounded(correlation.max()),
        "of a real slice's": rounded(correlation[real[pairs[0]]].max(initial=0)),
        "roc": roc(np.array(scores), correlation),
    }  # fmt: skip


def _of(stack: Stack, kind: str) -> Stack:
    """Return the slices that a change starts from: one more where it lies between slices."""
    more = kind in ("half a slice shifted", "all at once")
    return stack if more else Stack(stack.hu[:3], stack.pixel_mm)


def search(
    metric: Metric, images: NDArray[np.uint8], database: NDArray[np.float32], count: int
) -> Neighbors:
    """Look for images with every cut; queries of all cuts are numbered by their image."""
    queries = [metric(fingerprints(cut(images[:, 1], c), WINDOW)) for c in CUTS]
    found = nearest(np.concatenate(queries), database, count)
    found.query[:] = found.query % len(images)
    return found


def compare_others(
    originals: Prepared, queries: NDArray[np.int64], numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Compare images with other patients', drawn again: correlations, and ratios of size."""
    with ProcessPoolExecutor() as pool:
        stacks = list(pool.map(partial(drawn, "other"), map(int, numbers), chunksize=64))
    others = prepared(stacks)
    found: Comparison = compare(originals.images[queries], others.images, (WINDOW, WINDOW))
    return found.correlation, found.scale * others.pixel_mm / originals.pixel_mm[queries]


def measure_distinct(
    others: NDArray[np.int8], metric: Metric, pairs: int, limits: Limits
) -> dict[str, Any]:
    """Compare the nearest pairs among all different patients."""
    vectors = metric(others)
    own = np.arange(len(vectors))
    found = nearest(vectors, vectors, 1, own, own)
    best = np.argsort(-found.similarity)[:pairs]
    first, second = found.query[best], found.row[best]
    with ProcessPoolExecutor() as pool:
        stacks = list(pool.map(partial(drawn, "other"), map(int, first), chunksize=64))
    correlation, ratio = compare_others(prepared(stacks), np.arange(len(first)), second)
    likely = alike(correlation, ratio, limits)
    return {
        "slices": len(others), "pairs": len(others) * (len(others) - 1) // 2,
        "compared on pixels": len(first),
        "likely": int(likely.sum()),
        "confirmed": int((likely & (correlation >= limits.certain)).sum()),
        "highest correlation": rounded(correlation.max()),
    }  # fmt: skip


@dataclass(frozen=True)
class InMemory:
    """Images as a source of an `ImageSet`."""

    pixels: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all images."""
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        return self.pixels.dtype

    def read(self, rows: Sequence[int] | NDArray[np.integer], out: NDArray[Any]) -> None:
        """Copy images into a buffer."""
        out[:] = self.pixels[rows]


def drawn_series(purpose: str, number: int) -> list[Stack]:
    """Draw a series of 51 slices, 17 images, 5 mm apart, of a patient of its own."""
    rng = generator(SEED, purpose, number)
    patient = random_patient(rng)
    top = float(rng.uniform(60, 750))
    scanner = Scanner(128, float(rng.uniform(380, 460)), float(rng.uniform(8, 30)))
    hu = np.stack([render(patient, top + 5 * z, scanner, rng).hu for z in range(52)])
    return [Stack(hu[3 * n : 3 * n + 4], scanner.pixel_mm) for n in range(17)]


def series_part(name: str, stacks: Sequence[Stack]) -> tuple[NDArray[np.uint8], pd.DataFrame]:
    """Return the images of a series, and their rows of an `ImageSet`."""
    found = prepared([Stack(stack.hu[:3], stack.pixel_mm) for stack in stacks])
    place = np.arange(len(stacks))
    rows = pd.DataFrame(
        {"series": name, "patient": "", "slice": 3 * place + 1, "z_mm": 15.0 * place,
         "step_mm": 5.0,
         "study_uid": "", "frame_uid": "", "acquisition": "",
         "row_mm": found.pixel_mm[:, 0], "column_mm": found.pixel_mm[:, 1]}
    )  # fmt: skip
    return found.images, rows


def measure_series(originals: int, others: int, limits: Limits) -> dict[str, Any]:
    """Look for planted copies of whole series among each other and among other patients' series."""
    rng = generator(SEED, "planted series")
    sources: dict[str, list[Stack]] = {}
    for name, stack in real_stacks(4):
        sources.setdefault(name, []).append(stack)
    with ProcessPoolExecutor() as pool:
        for number, stacks in enumerate(
            pool.map(partial(drawn_series, "series"), range(originals))
        ):
            sources[f"drawn {number}"] = stacks
        rest = list(pool.map(partial(drawn_series, "others"), range(others), chunksize=8))
    parts = [series_part(f"{name}/original", stacks) for name, stacks in sources.items()]
    for kind, change in COPIES.items():
        for name, stacks in sources.items():
            copies = [change(_of(stack, kind), rng) for stack in stacks]
            parts.append(series_part(f"{name}/{kind}", copies))
    parts += [series_part(f"other {n}/other", stacks) for n, stacks in enumerate(rest)]
    pixels = np.concatenate([part[0] for part in parts])
    rows = pd.concat([part[1] for part in parts], ignore_index=True)
    values = image_fingerprints(pixels, WINDOW)
    images = ImageSet("unlabeled", InMemory(pixels), values, WINDOW, rows)
    # Every series has ten copies here, which would leave no place for one another.
    found = find_duplicates([], images, replace(limits, nearest=5 * limits.nearest))
    same = found["series_1"].str.split("/").str[0] == found["series_2"].str.split("/").str[0]
    result: dict[str, Any] = {"series": rows["series"].nunique(), "images": len(rows)}
    for verdict in ("confirmed", "likely"):
        chosen = found[(found["verdict"] == "confirmed") | (found["verdict"] == verdict)]
        true = chosen[same[chosen.index]]
        pairs = set(map(frozenset, true[["series_1", "series_2"]].to_numpy()))
        false = chosen[~same[chosen.index]]
        columns = ["series_1", "slice_1", "series_2", "slice_2", "in_order", "correlation"]
        result[f"false, {verdict}"] = len(false)
        result[f"false pairs, {verdict}"] = false[columns].head(20).to_numpy().tolist()
        result[verdict] = {
            kind: share(np.array([
                {f"{name}/original", f"{name}/{kind}"} in pairs for name in sources
            ]))
            for kind in COPIES
        }  # fmt: skip
    return result


def measure_neighbors(others: NDArray[np.int8], metric: Metric) -> list[dict[str, Any]]:
    """Return how alike slices of one real series are, by distance in mm."""
    folder = Path(os.environ.get("MAKNET_REAL_DATA", "../shared/real")) / "ct"
    rows = []
    for name in REAL if folder.is_dir() else ():
        hu, _, spacing = reorient(read_series(folder / name))
        triples = [hu[i : i + 3].astype(np.float64) for i in range(len(hu) - 2)]
        images = prepared([Stack(t, spacing[1]) for t in triples]).images
        vectors = metric(fingerprints(images[:, 1], WINDOW))
        for steps in (1, 2, 3, 5, 10):
            if steps < len(images):
                pairs = images[:-steps], images[steps:]
                correlation = compare(*pairs, (WINDOW, WINDOW)).correlation
                similarity = (vectors[:-steps] * vectors[steps:]).sum(1)
                rows.append({
                    "series": name, "mm": steps * spacing[0],
                    "similarity": rounded(np.median(similarity)),
                    "correlation": rounded(np.median(correlation)),
                    "highest": rounded(correlation.max()),
                })  # fmt: skip
    return rows


def measure_scale(
    sample: NDArray[np.int8], metric: Metric, slices: int, queries: int, count: int
) -> dict[str, float]:
    """Time a search at full size."""
    rng = generator(SEED, "scale")
    mean, spread = sample.mean(0), np.cov(sample.T.astype(np.float64))
    root = np.linalg.cholesky(spread + 1e-3 * np.eye(LENGTH)).astype(np.float32)
    values = np.empty((slices, LENGTH), np.int8)
    for start in range(0, slices, 100_000):
        noise = rng.standard_normal((min(100_000, slices - start), LENGTH), np.float32)
        values[start : start + len(noise)] = np.clip(np.rint(noise @ root.T + mean), -127, 127)
    asked = values[rng.integers(slices, size=queries)]
    started = time.perf_counter()
    database = metric(values)
    nearest(np.concatenate([metric(asked)] * len(CUTS)), database, count)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"slices": slices, "queries": queries * len(CUTS), "seconds": round(seconds, 1),
            "peak_gib": round(peak, 2)}  # fmt: skip


def roc(copies: NDArray[np.float64], look_alikes: NDArray[np.float32]) -> list[dict[str, float]]:
    """Return recall and false pairs by the threshold of the correlation alone."""
    return [
        {"threshold": float(limit), "recall": rounded((copies >= limit).mean(), 4),
         "false": int((look_alikes >= limit).sum())}
        for limit in np.round(np.arange(0.5, 1.0, 0.05), 2)
    ]  # fmt: skip


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the ROC of single slices, and how alike the neighbors of real series are."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    roc_axis, curve = figure.subplots(1, 2)
    points = result["planted"]["roc"]
    look_alikes = result["planted"]["look-alikes"]
    roc_axis.plot(
        [p["false"] / look_alikes for p in points], [p["recall"] for p in points], "o-"
    )  # fmt: skip
    for point in points[::2]:
        at = point["false"] / look_alikes, point["recall"]
        roc_axis.annotate(f"{point['threshold']:g}", at, fontsize=7)
    roc_axis.set(
        xlabel="look-alikes taken for copies", ylabel="copies found",
        title="Single slices, by least correlation", ylim=(0.8, 1.005),
    )  # fmt: skip
    for name in sorted({row["series"] for row in result["neighbors"]}):
        rows = [row for row in result["neighbors"] if row["series"] == name]
        curve.plot([r["mm"] for r in rows], [r["correlation"] for r in rows], "o-", label=name)
    curve.set(xlabel="mm apart", ylabel="correlation, median", title="Neighbors in real series")
    curve.legend(fontsize=7)
    figure.savefig(path, dpi=110)


def share(found: NDArray[np.bool_]) -> float:
    """Return the part that holds, NaN of nothing."""
    return rounded(found.mean() if len(found) else np.nan, 4)


def rounded(value: float | np.floating, digits: int = 3) -> float:
    """Return a number for the report."""
    return round(float(value), digits)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=int, default=5_000)
    parser.add_argument("--drawn", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=5_000)
    parser.add_argument("--slices", type=int, default=1_500_000)
    parser.add_argument("--queries", type=int, default=21_000)
    parser.add_argument("--series", type=int, default=16)
    parser.add_argument("--other-series", type=int, default=100)
    parser.add_argument("--plot", type=Path, help="file to draw a picture to")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    limits = LIMITS
    with ProcessPoolExecutor() as pool:
        found = pool.map(middle_fingerprint, range(chosen.others), chunksize=200)
        others = np.stack(list(found))
    sources = list(real_stacks(4))
    sources += [("drawn", drawn("source", number, 4)) for number in range(chosen.drawn)]
    metric = fit(prepared([Stack(s.hu[:3], s.pixel_mm) for _, s in sources]).images, others)
    result = {
        "planted": measure_planted(sources, others, limits),
        "distinct": measure_distinct(others, metric, chosen.pairs, limits),
        "series": measure_series(chosen.series, chosen.other_series, limits),
        "neighbors": measure_neighbors(others, metric),
        "scale": measure_scale(others, metric, chosen.slices, chosen.queries, limits.nearest),
    }
    text = json.dumps(result, indent=1)
    print(text)
    if chosen.plot:
        draw(result, chosen.plot)
    if chosen.out:
        chosen.out.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
