"""The stages from data to conclusions: which rule makes a stage, and from which stages.

Scenarios share what their choice does not reach, and this is how that is known before any job runs.
A test holds it to what Snakemake plans.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_FIXED = {
    "labels": ("build_labels", {"kind": "label"}, []),
    "lesion_labels": ("build_labels", {"kind": "lesion_label"}, []),
    "labeled": ("prepare_lesions", {}, ["labels"]),
    "patches": ("prepare_patches", {}, ["lesion_labels"]),
    "unlabeled": ("prepare_series", {}, []),
    "excluded": ("exclude_series", {}, ["unlabeled"]),
    "textures": ("draw_textures", {}, []),
    "perturbations": ("summarize_explanations", {}, ["explain/maknet", "explain/vgg16"]),
}
_LABELED = ["labels", "labeled"]


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        rule: The rule that makes it.
        known: Wildcards and parameters that tell which settings the rule depends on.
        before: Names of the stages that it is made from.
    """

    rule: str
    known: Mapping[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)


def labeler(number: int) -> str:
    """Return the run that labels the images of a round: the teacher, then the last student."""
    return "maknet" if number == 1 else f"student{number - 1}"


def backbone(run: str, generic: str) -> str:
    """Return the run whose weights another starts from; empty for none and for ImageNet's.

    Args:
        run: A run of Table 1 or of LesaNet.
        generic: What stands for natural images, the setting `generic`.
    """
    if run in ("lesanet_scratch", "lesanet_scratch_slow"):
        return ""
    start = run.removeprefix("lesanet_")
    if start == "imagenet" or start.endswith("_imagenet"):
        arch = start.removesuffix("imagenet").removesuffix("_") or "vgg16"
        return f"{arch}_textures" if generic == "textures" else ""
    if start == run:
        return ""
    return start if start == "vgg16" else f"vgg16_{start}"


def stage_of(path: str) -> str:
    """Return the stage of a file, by its path below the folder of results or of data."""
    first, _, rest = path.partition("/")
    if first.removesuffix(".csv") in _FIXED:
        return first.removesuffix(".csv")
    name = re.sub(r"-seed\d+$", "", re.split(r"[/.]", rest)[0])
    if first == "runs":
        return name
    return f"{first}/{name.removeprefix('round')}"


def stage(name: str, config: Mapping[str, Any]) -> Stage:
    """Return a stage by its name: `labels`, `maknet`, `pseudo/2`, `metrics/student1`.

    Args:
        name: Its name, see `stage_of`.
        config: The configuration.

    Raises:
        ValueError: There is no such stage.
    """
    if name in _FIXED:
        return Stage(*_FIXED[name])
    first, _, rest = name.partition("/")
    if first == "pseudo":
        return _pseudo_labels(rest)
    labels, images = ("lesion_labels", "patches") if rest.startswith("lesanet") else _LABELED
    if first == "scores":
        return Stage("predict_scores", {"run": rest}, [rest, images])
    if first == "metrics":
        return Stage("compute_metrics", {"run": rest}, [f"scores/{rest}", labels])
    if first == "explain":
        return Stage("explain_run", {"run": rest}, [rest, labels, images])
    if rest:
        raise ValueError(f"no stage is called {name!r}")
    return _run(name, config)


def _pseudo_labels(name: str) -> Stage:
    number, _, shuffled = name.partition("_")
    if shuffled:
        return Stage("shuffle_pseudo_labels", {}, [f"pseudo/{number}"])
    return Stage("pseudo_label", {}, [labeler(int(number)), "labels", "unlabeled", "excluded"])


def _run(name: str, config: Mapping[str, Any]) -> Stage:
    start = backbone(name, config["generic"])
    starts = [start] if start else []
    if name.startswith("lesanet_"):
        known = {"init": name.removeprefix("lesanet_")}
        return Stage("train_lesanet", known, ["lesion_labels", "patches", *starts])
    if name.startswith("vgg16_tcia"):
        last = f"pseudo/{config['student']['rounds'] + 1}{name.removeprefix('vgg16_tcia')}"
        return Stage("pretrain_vgg16", {}, [*_LABELED, "unlabeled", last])
    if name.startswith("student"):
        pseudo = f"pseudo/{name.removeprefix('student')}"
        return Stage("train_student", {}, [*_LABELED, "unlabeled", pseudo])
    if name == "control":
        return Stage("train_control", {}, _LABELED)
    if name.endswith("_textures"):
        return Stage("pretrain_textures", {"arch": name.removesuffix("_textures")}, ["textures"])
    known = {"arch": name.removesuffix("_imagenet"), "net": name}
    return Stage("train_network", known, [*_LABELED, *starts])
