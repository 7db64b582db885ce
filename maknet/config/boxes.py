"""The boxes of the lineage: jobs of rules that do one thing, in the paper's order."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One box.

    Attributes:
        name: What people read.
        section: Section of the paper.
        rules: Rules whose jobs are in it.
    """

    name: str
    section: str
    rules: tuple[str, ...]


# A number of the tables rests on at most a dozen of them.
BOXES = (
    Box("Labeled data, raw", "2", (
        "fetch_deeplesion_file", "fetch_deeplesion_part", "join_deeplesion", "draw_phantom_lesions",
    )),
    Box("Unlabeled series, raw", "2", (
        "select_series", "fetch_series", "link_series", "draw_phantom_series",
    )),
    Box("Labels", "2", ("build_labels",)),
    Box("Labeled images", "4.1", ("prepare_lesions",)),
    Box("Lesion patches", "4.5", ("prepare_patches",)),
    Box("Unlabeled images", "4.1", ("prepare_series", "find_duplicates", "exclude_series")),
    Box("Natural images", "4.4", ("fetch_imagenet", "draw_textures", "pretrain_textures")),
    Box("Networks on labels", "4.3", ("train_network", "train_control", "train_factor")),
    Box("Pseudo-labels and students", "4.4", (
        "pseudo_label", "shuffle_pseudo_labels", "train_student",
    )),
    Box("VGG16 on unlabeled CT", "4.5", ("pretrain_vgg16",)),
    Box("LesaNet", "4.5", ("train_lesanet",)),
    Box("Scores and metrics", "4.2", ("predict_scores", "compute_metrics")),
    Box("Explanations", "5", ("explain_run", "describe_architecture", "summarize_explanations")),
)  # fmt: skip
RESULT = Box("Result", "", ())


def box_of(rule: str) -> int:
    """Return the place of a rule's box in `BOXES`; that of `RESULT` is behind the last."""
    places = (place for place, box in enumerate(BOXES) if rule in box.rules)
    return next(places, len(BOXES))
