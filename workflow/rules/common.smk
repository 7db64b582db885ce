# What all rules share: the checked configuration, paths, wildcards. Parsed by every Slurm job, so
# nothing heavy is imported.
import os
from pathlib import Path

from snakemake.exceptions import WorkflowError

from maknet.config.check import check_config, sorted_keys
from maknet.config.command_line import set_types
from maknet.config.yaml_files import check_yaml_files
from maknet.errors import InputError
from maknet.jobs.numerics import set_numerics
from maknet.provenance.code import software
from maknet.config.inputs import (
    labeled_files,
    series_batches,
    shared_patients,
    unlabeled_slices,
    zip_parts,
)

# What the configuration was merged from, the first file first; for the records, too.
CONFIG_FILES = [
    f"{workflow.basedir}/config/paper.yaml",
    *(
        str(Path(name).absolute())
        for name in workflow.configfiles
        if Path(name).name != "paper.yaml"
    ),
]

set_types(config, workflow.config_settings.config or {})
try:
    check_yaml_files(CONFIG_FILES)
    check_config(config, f"{workflow.basedir}/workflow/schemas/config.schema.yaml")
    BATCHES = series_batches(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

# Two keys that change places are no change, but Snakemake compares parameters as text. The order of
# what is drawn decides what is drawn.
config.update(sorted_keys({k: v for k, v in config.items() if k != "phantom"}))
config["config_files"] = CONFIG_FILES
# For the captions of the report.
config["software"] = software()


pathvars:
    results=config["paths"]["results"],
    data=config["paths"]["data"],
    logs=f"{config['paths']['results']}/logs",
    benchmarks=f"{config['paths']['results']}/benchmarks",


def in_checkout(name: str) -> str:
    """Return a file of the checkout as an input: by no name that changes when all of it moves."""
    here = Path.cwd() == Path(workflow.basedir)
    return name if here else f"{workflow.basedir}/{name}"


PAPER_TABLES = in_checkout("config/paper_tables.csv")
LABELED = labeled_files(config)
DEEPLESION_PARTS = zip_parts(config)
ON_GPU = int(config["device"] == "cuda" or config["jobs"]["rehearse_gpu"])


# For time limits: images to train on in DeepLesion, about, and in all unlabeled series.
LABELED_IMAGES = 18_000
UNLABELED_IMAGES = unlabeled_slices(config) // 3


def memory(base_mb: int, bytes_per_image: int = 0):
    """Return a rule's memory: what it needs in any case, and for each unlabeled image."""
    needed = base_mb + UNLABELED_IMAGES * bytes_per_image // 1_000_000
    return lambda wildcards, attempt: needed * attempt


def limit(base_min: int, images: float = 0, per_second: float = 1):
    """Return a rule's time limit in minutes, for images at the slowest rate that is planned for."""
    needed = base_min + round(images / per_second / 60)
    return lambda wildcards, attempt: needed * attempt


# Slurm's commands as the executor plugin needs them stand before Slurm's own; see there.
SLURM_COMMANDS = f"{workflow.basedir}/workflow/profiles/slurm/commands"
SEARCHED = os.environ.get("PATH", os.defpath)
if SLURM_COMMANDS not in SEARCHED.split(os.pathsep):
    os.environ.update(PATH=f"{SLURM_COMMANDS}{os.pathsep}{SEARCHED}")


# Every job inherits it, that of a Slurm node too, since it parses this file.
set_numerics(config["jobs"]["numerics"], os.environ)


# What unlabeled images are called in titles.
UNLABELED_NAME = (
    config["unlabeled"]["source"]
    if config["dataset"] == "deeplesion"
    else config["dataset"]
)

# Runs of the first seed have plain names; those of another carry it.
SEEDS = ["", *(f"-seed{seed}" for seed in config["seeds"][1:])]
ROUNDS = range(1, config["student"]["rounds"] + 1)


wildcard_constraints:
    batch=r"[\w-]+",
    part=r"\d\d",
    split="train|val|test|hand",
    round=r"\d+",
    seed=r"(-seed\d+)?",
    run=(
        r"(maknet|(vgg16|resnet18)(_imagenet)?|student\d+|control|factor_[a-z]+_[a-z]+_[a-z]+"
        r"|lesanet_(imagenet|tcia(_shuffled)?|vgg16|scratch(_slow)?))(-seed\d+)?"
    ),


localrules:
    all,


def seed_of(wildcards) -> int:
    """Return the seed of a run."""
    return int(wildcards.seed.removeprefix("-seed") or config["seeds"][0])


def is_lesanet(wildcards) -> bool:
    """Return whether a run is of LesaNet, which has images and labels of its own."""
    return wildcards.run.startswith("lesanet")


def image_folder(wildcards) -> str:
    """Return the folder of the images that a run is evaluated on."""
    return "patches" if is_lesanet(wildcards) else "labeled"


def label_folder(wildcards) -> str:
    """Return the folder of the labels that a run is evaluated with."""
    return "lesion_labels" if is_lesanet(wildcards) else "labels"


def labeler(number: int, seed: str = "") -> str:
    """Return the run that makes the pseudo-labels of a round: the teacher, then the last student."""
    return f"maknet{seed}" if number == 1 else f"student{number - 1}{seed}"


def labeler_file(name: str):
    """Return an input function for a file of the run that labels a round."""
    return lambda w: f"<results>/runs/{labeler(int(w.round), w.seed)}/{name}"


# Table 1 has both readings of section 4.4: from random weights, and from those of natural images.
PRETRAINED = ["vgg16_imagenet", "resnet18_imagenet"]


def generic_weights(arch: str, seed: str) -> str:
    """Return the weights of natural images for an architecture, or of textures in their place."""
    return {
        "imagenet": f"<data>/imagenet/{arch}",
        "textures": f"<results>/runs/{arch}_textures{seed}/model.safetensors",
    }[config["generic"]]


def arch_of(wildcards) -> str:
    """Return the architecture of a run of table 1."""
    return wildcards.net.removesuffix("_imagenet")


def start_of(wildcards) -> str | list[str]:
    """Return the weights that a run of table 1 starts from; none for random ones."""
    pretrained = wildcards.net in PRETRAINED
    return generic_weights(arch_of(wildcards), wildcards.seed) if pretrained else []


def network_settings(wildcards) -> dict:
    """Return the settings of a network; torchvision's weights expect normalized images."""
    settings = dict(config["networks"][arch_of(wildcards)])
    if wildcards.net in PRETRAINED and config["generic"] == "imagenet":
        settings["imagenet_input"] = True
    return settings


def backbone_of(wildcards) -> str | list[str]:
    """Return the weights that a LesaNet starts from; none for random ones."""
    if wildcards.init.startswith("scratch"):
        return []
    if wildcards.init == "imagenet":
        return generic_weights("vgg16", wildcards.seed)
    run = "vgg16" if wildcards.init == "vgg16" else f"vgg16_{wildcards.init}"
    return f"<results>/runs/{run}{wildcards.seed}/model.safetensors"


def factor_run(noise: str, length: str, labels: str) -> str:
    """Return the run of a cell: two of them are table 2's control and its first student."""
    of_table2 = {"none": "control", "real": "student1"}
    if (noise, length) == ("noise", "student") and labels in of_table2:
        return of_table2[labels]
    return f"factor_{noise}_{length}_{labels}"


def factor_labels(wildcards) -> str | list[str]:
    """Return the pseudo-labels of a cell, none where it has labeled images alone."""
    suffix = {"none": None, "real": "", "shuffled": "_shuffled"}[wildcards.labels]
    found = f"<results>/pseudo/round1{suffix}{wildcards.seed}.npz"
    return [] if suffix is None else found
