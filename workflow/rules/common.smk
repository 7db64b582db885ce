# What all rules share: the checked configuration, paths, wildcards. Parsed by every Slurm job, so
# nothing heavy is imported.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from maknet.config.arithmetic import precision_on
from maknet.config.check import check_config, sorted_keys
from maknet.config.command_line import (
    check_demo_targets,
    check_executor,
    set_types,
)
from maknet.config.yaml_files import check_yaml_files, with_defaults
from maknet.errors import InputError
from maknet.jobs.numerics import set_numerics
from maknet.provenance.code import software
from maknet.provenance.copies import settle
from maknet.provenance.place import is_copied, remember_new_place
from maknet.config.rule_settings import own_name
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
CONFIG_FILES = [f"{CHECKOUT}/config/{name}" for name in SHIPPED]
COMMAND_LINE = {}
IMPORTED = not workflow.modifier.is_main_snakefile()
if IMPORTED:
    if workflow.modifier.path_modifier.modify("results") != "results":
        raise WorkflowError(
            "Import maknet without `prefix:`, which Snakemake would add to raw data too, but not "
            "to parameters; set paths.results and paths.data in the module's configuration."
        )
    # Snakemake reads no files for a module that is given its configuration.
    config = with_defaults(config, CONFIG_FILES)
else:
    own = [name for name in workflow.configfiles if Path(name).name not in SHIPPED]
    CONFIG_FILES += [str(Path(name).absolute()) for name in own]
    COMMAND_LINE = workflow.config_settings.config or {}
    set_types(config, COMMAND_LINE)
if "scenarios" in COMMAND_LINE:
    raise WorkflowError(
        "--config cannot hold 'scenarios': records name the files that a configuration is made of. "
        "Put them into a file of your own, and pass it with --configfile."
    )
SCHEMA = f"{CHECKOUT}/workflow/schemas/config.schema.yaml"
try:
    check_yaml_files(CONFIG_FILES)
    check_config(config, SCHEMA)
    if DEMO and not IMPORTED:
        check_demo_targets(sys.argv, config["paths"]["results"])
    BATCHES = series_batches(config)
    # Snakemake goes by times, and a copy has those of copying.
    if workflow.is_main_process and is_copied(config["paths"]["results"]):
        logger.info(settle(config["paths"]["results"], config).in_words())
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


def is_own(rule) -> bool:
    """Return whether a rule is one of this workflow, not of one that imports it."""
    return id(rule) not in BEFORE and Path(rule.snakefile).is_relative_to(CHECKOUT)


def name_here(rule) -> str:
    """Return the name that a rule has here, whatever a workflow that imports it calls it."""
    if not IMPORTED or not rule.script:
        return rule.name
    return own_name(rule.name, str(rule.script))


def in_checkout(name: str) -> str:
    """Return a file of the checkout as an input, under a name that does not change when it moves."""
    here = Path.cwd() == Path(CHECKOUT)
    return name if here else f"{CHECKOUT}/{name}"


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


# Priority of the longest chain of jobs, from drawn or linked CT through the students to LesaNet: with
# few cores, the other jobs run beside it. The student's control has it too, being as long as a student.
# Fetching stays below: a batch is prepared before the next is fetched.
CRITICAL_PATH = 1


def critical_if_awaited(wildcards):
    """Return the priority of a training: the teacher and the transfer from CT belong to the chain."""
    net, init = wildcards.get("net", "maknet"), wildcards.get("init", "tcia")
    awaited = net == "maknet" and init == "tcia" and not wildcards.get("labels")
    return CRITICAL_PATH if awaited else 0


# Slurm's commands as the executor plugin needs them stand before Slurm's own; see there.
SLURM_COMMANDS = f"{CHECKOUT}/workflow/profiles/slurm/commands"
SEARCHED = os.environ.get("PATH", os.defpath)
if SLURM_COMMANDS not in SEARCHED.split(os.pathsep):
    os.environ.update(PATH=f"{SLURM_COMMANDS}{os.pathsep}{SEARCHED}")


# Every job inherits it, that of a Slurm node too, since it parses this file.
set_numerics(config["jobs"]["numerics"], os.environ)


onstart:
    try:
        check_executor(workflow.executor_plugin.name)
        remember_new_place(config["paths"]["results"])
    except InputError as error:
        raise WorkflowError(str(error)) from None
    # Snakemake's default limit, 100 jobs per second, makes it look at all ready jobs and their inputs again
    # a second after each look, one more such chain for each job that ends: a quarter of a core, for nothing.
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


# A job imports the library of this checkout, also where another is installed (`pip install .`).
LIBRARIES = os.environ.get("PYTHONPATH", "").split(os.pathsep)
if LIBRARIES[0] != str(CHECKOUT):
    HERE = [str(CHECKOUT), *filter(None, LIBRARIES)]
    os.environ.update(PYTHONPATH=os.pathsep.join(HERE))


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


# Table 1 has both readings of section 4.4: from random weights, and from those of natural images.
PRETRAINED = ["vgg16_imagenet", "resnet18_imagenet"]


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
