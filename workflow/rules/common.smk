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
from maknet.config.scenarios import FOLDER, Scenarios, folder_of, watched_runs
from maknet.config.stages import backbone, labeler
from maknet.config.inputs import (
    labeled_files,
    series_batches,
    shared_patients,
    unlabeled_slices,
    zip_parts,
)

# What the configuration was merged from, the first file first; for the records, too.
SHIPPED = ("paper.yaml", "choices.yaml")
CONFIG_FILES = [
    *(f"{workflow.basedir}/config/{name}" for name in SHIPPED),
    *(
        str(Path(name).absolute())
        for name in workflow.configfiles
        if Path(name).name not in SHIPPED
    ),
]

COMMAND_LINE = workflow.config_settings.config or {}
set_types(config, COMMAND_LINE)
if "scenarios" in COMMAND_LINE:
    raise WorkflowError(
        "--config cannot hold 'scenarios': records name the files that a configuration is made of. "
        "Put them into a file of yours, and give it with --configfile."
    )
SCHEMA = f"{workflow.basedir}/workflow/schemas/config.schema.yaml"
try:
    check_yaml_files(CONFIG_FILES)
    check_config(config, SCHEMA)
    BATCHES = series_batches(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

# Two keys that change places are no change, but Snakemake compares parameters as text. The order of
# what is drawn decides what is drawn.
config.update(sorted_keys({k: v for k, v in config.items() if k != "phantom"}))
SCENARIOS = Scenarios(dict(config), SCHEMA)
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
    scenario=rf"({FOLDER}/[a-z0-9_]+/)?",
    seed=r"(-seed\d+)?",
    run=(
        r"(maknet|(vgg16|resnet18)(_imagenet)?|student\d+|control|factor_[a-z]+_[a-z]+_[a-z]+"
        r"|lesanet_(imagenet|tcia(_shuffled)?|vgg16|scratch(_slow)?))(-seed\d+)?"
    ),


localrules:
    all,


def config_of(wildcards) -> dict:
    """Return the configuration of a job: its scenario's, or the base's."""
    try:
        return SCENARIOS.config(wildcards.get("scenario", ""))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def config_provider(*keys):
    """Return a parameter that is a setting of a job's scenario."""

    def provide(wildcards):
        found = config_of(wildcards)
        for key in keys:
            found = found[key]
        return found

    return provide


def in_scenario(*patterns):
    """Return an input function for files of a job's scenario; what its choice leaves is the base's."""

    def files(wildcards):
        known = {**dict(wildcards.items()), "scenario": "{scenario}"}
        folder = wildcards.get("scenario", "")
        config_of(wildcards)
        found = [SCENARIOS.path(p.format_map(known), folder) for p in patterns]
        return found[0] if len(found) == 1 else found

    return files


def in_batches(pattern):
    """Return an input function for files of a job's scenario, one a batch of series."""
    one = in_scenario(pattern.replace("{batch}", "{{batch}}"))

    def files(wildcards):
        found = one(wildcards)
        return [found.replace("{batch}", batch) for batch in BATCHES]

    return files


def in_all_scenarios(pattern, runs=("",)):
    """Return an input function for the base's files and those of every scenario, by run and seed."""

    def files(wildcards):
        places = ["", *(folder_of(name) for name in scenario_entries(wildcards))]
        seeds = SEEDS if "{seed}" in pattern else [""]
        return [
            SCENARIOS.path(
                pattern.format(scenario="{scenario}", run=run, seed=seed), place
            )
            for place in places
            for run in runs
            for seed in seeds
        ]

    return files


def scenario_entries(wildcards) -> dict:
    """Return the scenarios that are compared, by name."""
    try:
        return {name: config["scenarios"][name] for name in SCENARIOS.names}
    except InputError as error:
        raise WorkflowError(str(error)) from None


def training_files(images: str, labels: str):
    """Return an input function for what networks are trained and validated on, by name."""
    found = {
        name: in_scenario(f"<data>/{{scenario}}{folder}/{file}")
        for name, folder, file in (
            ("train", images, "train.npy"),
            ("train_index", images, "train.csv"),
            ("train_labels", labels, "train.npz"),
            ("val", images, "val.npy"),
            ("val_index", images, "val.csv"),
            ("val_labels", labels, "val.npz"),
            ("relations", labels, "relations.json"),
        )
    }
    return lambda wildcards: {name: files(wildcards) for name, files in found.items()}


def seed_of(wildcards) -> int:
    """Return the seed of a run."""
    seed = wildcards.seed.removeprefix("-seed")
    return int(seed or config_of(wildcards)["seeds"][0])


def is_lesanet(wildcards) -> bool:
    """Return whether a run is of LesaNet, which has images and labels of its own."""
    return wildcards.run.startswith("lesanet")


def evaluated_files(kind: str):
    """Return an input function for the images that a run is evaluated on, or their index."""

    def files(wildcards):
        folder = "patches" if is_lesanet(wildcards) else "labeled"
        path = f"<data>/{{scenario}}{folder}/{{split}}.{kind}"
        splits = ("val", "test", "hand")
        return in_scenario(*(path.replace("{split}", s) for s in splits))(wildcards)

    return files


def label_file(name: str):
    """Return an input function for a file of the labels that a run is evaluated with."""

    def file(wildcards):
        folder = "lesion_labels" if is_lesanet(wildcards) else "labels"
        return in_scenario(f"<data>/{{scenario}}{folder}/{name}")(wildcards)

    return file


def lesanet_window(wildcards) -> list[float] | None:
    """Return the window that LesaNet sees its patches in; the images of others have theirs."""
    settings = config_of(wildcards)["lesanet"]
    return settings["input"]["window_hu"] if is_lesanet(wildcards) else None


def labeler_file(name: str):
    """Return an input function for a file of the run that labels a round."""
    path = "<results>/{{scenario}}runs/{run}{{seed}}/{name}"
    return lambda w: in_scenario(path.format(run=labeler(int(w.round)), name=name))(w)


# Table 1 has both readings of section 4.4: from random weights, and from those of natural images.
PRETRAINED = ["vgg16_imagenet", "resnet18_imagenet"]


def weights_before(wildcards) -> str | list[str]:
    """Return the weights that a run of table 1 or a LesaNet starts from; none for random ones."""
    known = dict(wildcards.items())
    run = known.get("net") or f"lesanet_{wildcards.init}"
    start = backbone(run, config["generic"])
    if start:
        path = f"<results>/{{scenario}}runs/{start}{{seed}}/model.safetensors"
        return in_scenario(path)(wildcards)
    if not run.endswith("imagenet"):
        return []
    return f"<data>/imagenet/{'vgg16' if 'init' in known else arch_of(wildcards)}"


def arch_of(wildcards) -> str:
    """Return the architecture of a run of table 1."""
    return wildcards.net.removesuffix("_imagenet")


def network_settings(wildcards) -> dict:
    """Return the settings of a network; torchvision's weights expect normalized images."""
    settings = dict(config_of(wildcards)["networks"][arch_of(wildcards)])
    if wildcards.net in PRETRAINED and config["generic"] == "imagenet":
        settings["imagenet_input"] = True
    return settings


def validation(wildcards) -> dict:
    """Return the settings of the validation that chooses thresholds and epochs."""
    settings = config_of(wildcards)["evaluation"]
    return {key: settings[key] for key in ("batch_size", "threshold_grid")}


def student_settings(wildcards) -> dict:
    """Return the settings of a student's training; how many there are is none of it."""
    settings = config_of(wildcards)["student"]
    return {key: value for key, value in settings.items() if key != "rounds"}


def lesanet_settings(wildcards) -> dict:
    """Return the settings of LesaNet's network."""
    found = config_of(wildcards)
    lesanet = {key: found["lesanet"][key] for key in ("features", "embedding")}
    return lesanet | {"width": found["networks"]["vgg16"]["width"]}


def lesanet_training(wildcards) -> dict:
    """Return the settings of LesaNet's training, but for its learning rate."""
    settings = config_of(wildcards)["lesanet"]
    own = ("classes", "features", "embedding", "input")
    rates = ("learning_rate", "scratch_learning_rate")
    found = {key: value for key, value in settings.items() if key not in own + rates}
    return found | {"window_hu": settings["input"]["window_hu"]}


def lesanet_rate(wildcards) -> float:
    """Return LesaNet's learning rate, another one from random weights."""
    scratch = "scratch_" * (wildcards.init == "scratch")
    return config_of(wildcards)["lesanet"][f"{scratch}learning_rate"]


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
