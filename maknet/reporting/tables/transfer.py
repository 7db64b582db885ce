"""Domain or labels: LesaNet by what its VGG16 saw before, all at one learning rate."""

from collections.abc import Sequence

from maknet.reporting.tables.paper_tables import GENERIC

NOTE = (
    "All five have the learning rate of the transfers. Real minus shuffled pseudo-labels is what "
    "the labels of the unlabeled CT teach; shuffled minus random weights is what its images do. "
    "The VGG16 of the labeled images is that of Table 1."
)
_UNLABELED = {"tcia": "TCIA", "phantom": "phantom CT", "folder": "own CT"}


def transfer_titles(runs: Sequence[str], generic: str, unlabeled: str) -> list[str]:
    """Return what the runs are called.

    Args:
        runs: Names of runs of LesaNet, `lesanet_<start>`.
        generic: What stands for natural images, the setting `generic`.
        unlabeled: Source of the unlabeled images, the setting `unlabeled.source`.
    """
    domain = _UNLABELED[unlabeled]
    titles = {
        "tcia": f"VGG16 on {domain}, pseudo-labels",
        "tcia_shuffled": f"VGG16 on {domain}, shuffled pseudo-labels",
        "vgg16": "VGG16 on the labeled images",
        "imagenet": f"VGG16 on {GENERIC[generic]}",
        "scratch_slow": "random weights",
    }
    return [titles[run.removeprefix("lesanet_")] for run in runs]


def transfer_pairs(titles: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs that answer the question, by the titles in the order of the runs."""
    real, shuffled, labeled, generic, nothing = titles
    return [(real, shuffled), (shuffled, nothing), (real, labeled), (labeled, generic),
            (real, generic), (generic, nothing)]  # fmt: skip
