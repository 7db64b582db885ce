"""The datasheet of released pseudo-labels, by the sections of Datasheets for Datasets.

Every number is counted in the released labels or read from the files of the run. What is said of
biases, limits and uses stands in `croissant.json` as well. Source: arXiv 1803.09010.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maknet.data.labels.pseudo_labels import PseudoLabels
from maknet.files import write_text
from maknet.release.card_tables import bullets, data_table, markdown_table
from maknet.release.pseudo_labels import COLUMNS, PARQUET, ReleasedLabels

PAPER = "[arXiv 2005.11746](https://arxiv.org/abs/2005.11746)"
_MOST_FREQUENT = 20  # labels in the table
WARNINGS = {
    "phantom": (
        "Labels of synthetic CT. There is no patient behind them, and no slice of a patient has "
        "any of these UIDs. They are for trying the software only and mean nothing in medicine."
    ),
    "sample": (
        "Labels from a small sample. They show that the workflow runs; a network that saw more "
        "would give others."
    ),
}
LIMITS = (
    "These are predictions and not ground truth: nobody has looked at the images for them.",
    "How often they are right is unknown. The network was tested on other images, those of "
    "lesions; nothing was measured on these slices.",
    "Scores are not calibrated: a score of 0.8 does not mean a chance of 80 %.",
    "A missing label is not a negative one: its score was too low, or there was no place for it.",
    "Only the labels that the network knows can stand here; what else an image shows is not said.",
)
_USES = (
    "Research on semi-supervised learning: to repeat or to compare what is learned from labels "
    "like these.",
    "To choose slices or series by body part, where a person looks at the result.",
)
NO_USES = (
    "Diagnosis, or any other decision about a patient.",
    "As ground truth: to test a network on, or to count how frequent a finding is.",
)
_BIASES = (
    "The network learned from slices that all show a marked lesion, and labels whole series, most "
    "of whose slices may show none: labels of lesions may be given too often.",
    "Differences by sex, age, scanner and hospital were not looked at.",
)


@dataclass(frozen=True)
class LabelSource:
    """The labels with what a datasheet and `croissant.json` say of them.

    Attributes:
        labels: The pseudo-labels.
        series: Number of series.
        facts: What is said of the labels as a whole.
        sources: Rows of `data_and_licenses.csv`, see `behind_labels`.
        cited: Content of `CITATION.cff`.
    """

    labels: PseudoLabels
    series: int
    facts: ReleasedLabels
    sources: Sequence[Mapping[str, str]]
    cited: Mapping[str, Any]

    @property
    def creators(self) -> list[str]:
        """Names of the authors of the workflow."""
        return [author["name"] for author in self.cited["authors"]]

    @property
    def home(self) -> str:
        """Address of the workflow, empty where it has none."""
        return str(self.cited.get("repository-code", ""))


def behind_labels(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the rows of `data_and_licenses.csv` without weights that only tables compare with."""
    return [row for row in rows if not row["used_as"].startswith("weights")]


def biases(source: LabelSource) -> list[str]:
    """Return the biases of the labels, one sentence each."""
    counts, before = source.labels.label_counts(), source.facts.round - 1
    rare = f"{(counts == 0).sum():,} of {len(counts):,} labels were given to no image."
    repeated = f"The network learned from the mistakes in the pseudo-labels of round {before} too."
    return [*_BIASES, rare, *([repeated] if before else [])]


def uses(facts: ReleasedLabels) -> list[str]:
    """Return what the labels may serve."""
    drawn = facts.dataset == "phantom"
    return ["Trying the software. Nothing else."] if drawn else list(_USES)


def collection(source: LabelSource) -> str:
    """Return where the images come from."""
    names = [row["name"] for row in source.sources if row["used_as"] == "unlabeled images"]
    return (
        f"No data were collected for the labels. Their images are cut from {source.series:,} axial "
        f"CT series ({', '.join(names)}): three slices each, which follow one another and belong "
        "to no other image. Series that are no usable axial volume, slices at the end of a series "
        "that fill no image, and images without a body were left out."
    )


def labeling(facts: ReleasedLabels) -> str:
    """Return how the labels were made."""
    return (
        f"{facts.network} (run `{facts.run}`) scored every image for round {facts.round} of the "
        f"noisy student (arXiv 2005.11746, section 4.2). It was trained on {facts.trained_on}. The "
        f"{facts.top} labels with the highest scores are candidates where their score is above "
        f"{facts.threshold:g}. Candidates are taken by falling score; one that excludes a label "
        "already taken, by the ontology of the labels, is dropped. No person took part."
    )


def privacy(facts: ReleasedLabels) -> str:
    """Return what the rows tell of persons."""
    if facts.dataset == "phantom":
        return "None: the CT is synthetic, and its UIDs belong to no examination."
    return (
        "A row has the DICOM UIDs of a series and of its slices, as they stand in the files of the "
        "images, and nothing else that could identify a patient. Anyone who may open an archive "
        "with these UIDs can find the patient by them: the labels may be public only if the images "
        "are, or if their UIDs were replaced. Do not try to learn who the patients are."
    )


def write_datasheet(path: Path, source: LabelSource) -> None:
    """Write the datasheet as Markdown.

    Args:
        path: File to write.
        source: The labels with what is said of them.
    """
    facts = source.facts
    warning = WARNINGS.get(facts.dataset)
    parts = [
        f"# Datasheet: pseudo-labels of round {facts.round}",
        f"> **Warning.** {warning}" if warning else "",
        f"> **Predictions, not ground truth.** {' '.join(LIMITS[:2])}",
        *_motivation(source), *_composition(source), *_collection(source), *_labeling(source),
        *_uses(facts), *_distribution(source), *_maintenance(source),
    ]  # fmt: skip
    write_text(path, "\n\n".join(part for part in parts if part) + "\n")


def _motivation(source: LabelSource) -> list[str]:
    return [
        "## Motivation",
        f"**Purpose.** The noisy student of {PAPER} learns from labels that a network gave to CT "
        "slices that nobody had labeled (section 4.2). None were published with the paper. These "
        "are made anew by a workflow that reproduces it; they are not its authors' labels.",
        f"**Made by.** {_who(source)}.",
        "**Paid by.** The files of the run name no funder.",
    ]


def _who(source: LabelSource) -> str:
    return ", ".join([*source.creators, source.home]) if source.home else ", ".join(source.creators)


def _composition(source: LabelSource) -> list[str]:
    labels = source.labels
    used = ~labels.excluded
    columns = markdown_table(("Column", "Type", "Meaning"), [
        (f"`{column.name}`", f"`{column.kind}`", column.meaning) for column in COLUMNS
    ])  # fmt: skip
    counts = markdown_table(("", "Number"), [
        ("Images, one row each", f"{len(labels):,}"),
        ("Slices, three an image", f"{3 * len(labels):,}"),
        ("Series", f"{source.series:,}"),
        ("Batches of series", f"{len(labels.batches):,}"),
        ("Labels that the network knows", f"{len(labels.names):,}"),
        ("Labels given, over all images", f"{labels.label_counts().sum():,}"),
        ("Images without a label", f"{(labels.labels_per_image()[used] == 0).sum():,}"),
        ("Images left out of all trainings, never labeled", f"{labels.excluded.sum():,}"),
        ("Candidates dropped as exclusive", f"{labels.removed.sum(dtype=np.int64):,}"),
    ])  # fmt: skip
    return [
        "## Composition",
        "**What a row is.** One image: three slices of a CT series that follow one another, named "
        "by their UIDs, with the labels that the network gave to it. Its pixels are with the "
        "sources.",
        columns, counts, *_label_counts(labels),
        "**A sample?** All images of the run are here, including those without a label.",
        "**Missing.** An image whose scores were all too low has an empty list, and so has one "
        "that was left out (column `excluded`): its scan is of a patient in a validation or test "
        "set, or occurs twice.",
        "**Relations.** Images of one series are of one patient, and a patient may have several "
        "series. No split is recommended; what splits the rows must keep patients apart, by the "
        "tables of the archives.",
        f"**Errors and noise.**\n\n{bullets(LIMITS)}",
        f"**Biases.**\n\n{bullets(biases(source))}",
        f"**Confidential or sensitive data, persons.** {privacy(source.facts)}",
    ]  # fmt: skip


def _label_counts(labels: PseudoLabels) -> list[str]:
    """Return how many labels images have, and which labels are the most frequent."""
    used, counts = ~labels.excluded, labels.label_counts()
    total = int(used.sum())
    per_image = markdown_table(("Labels of an image", "Images", "Share"), [
        (number, f"{images:,}", _share(images, total))
        for number, images in enumerate(np.bincount(labels.labels_per_image()[used]).tolist())
    ])  # fmt: skip
    order = np.argsort(-counts, kind="stable")[:_MOST_FREQUENT]
    frequent = markdown_table(("Label", "Images", "Share"), [
        (labels.names[i], f"{counts[i]:,}", _share(counts[i], total)) for i in order if counts[i]
    ])  # fmt: skip
    return [
        f"The most frequent labels, {_MOST_FREQUENT} at most:", frequent,
        "How many labels the images have:", per_image,
    ]  # fmt: skip


def _share(part: int, total: int) -> str:
    return f"{100 * part / total:.1f} %"


def _collection(source: LabelSource) -> list[str]:
    drawn = source.facts.dataset == "phantom"
    review = "There are no patients." if drawn else (
        "Nothing was asked of patients for these labels; on consent and review of the images, see "
        "their sources."
    )  # fmt: skip
    return [
        "## Collection process",
        f"**How.** {collection(source)}",
        f"**When.** The labels were computed on {source.facts.made}.",
        f"**Ethical review and consent.** {review}",
    ]


def _labeling(source: LabelSource) -> list[str]:
    facts = source.facts
    return [
        "## Preprocessing, cleaning, labeling",
        "**Images.** HU were windowed, clipped and resized (section 4.1), as the run's settings of "
        "`image` say.",
        f"**Labels.** {labeling(facts)}",
        "**Raw data.** The scores of labels that were not given are not kept; the DICOM files stay "
        "with their archives.",
        f"**Software.** The workflow at commit `{facts.commit}`.",
    ]


def _uses(facts: ReleasedLabels) -> list[str]:
    return [
        "## Uses",
        "**Used already.** By the run itself, to train the next network on.",
        f"**May serve.**\n\n{bullets(uses(facts))}",
        f"**Must not serve.**\n\n{bullets(NO_USES)}",
        f"**To read them.**\n\n```python\nimport pandas as pd\n\nlabels = pd.read_parquet"
        f'("{PARQUET}")\n```',
    ]


def _distribution(source: LabelSource) -> list[str]:
    sources = source.sources
    cited = list(dict.fromkeys(row["citation"] for row in sources if row["citation"]))
    return [
        "## Distribution",
        f"**Files.** `{PARQUET}`, its description `croissant.json` (Croissant 1.0), this "
        "datasheet, and `SHA256SUMS`: `sha256sum --check SHA256SUMS` finds a damaged file.",
        "**Sources and licenses.** What the labels were made from:", data_table(sources),
        "What may be done with the labels follows from these licenses: read them before you use "
        "the labels or pass them on.",
        f"**To cite**, beside the paper ({PAPER}):\n\n{bullets(cited)}",
    ]  # fmt: skip


def _maintenance(source: LabelSource) -> list[str]:
    facts = source.facts
    return [
        "## Maintenance",
        f"**By.** {_who(source)}.",
        "**Changes.** A release does not change. Another run makes another, with another "
        "root; the root tells them apart:",
        f"```\n{facts.root}\n```",
        "**To verify.** The root commits to the data, the settings, the code and the packages "
        "behind the labels. In a checkout of the workflow, beside the results with their records:",
        f"```\npython -m maknet.audit {facts.path} --root {facts.root}\n```",
        "**To extend.** With other series or another network, run the workflow anew.",
    ]
