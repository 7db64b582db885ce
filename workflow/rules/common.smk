# What all rules share: the checked configuration, paths, wildcards. Parsed by every Slurm job, so
# nothing heavy is imported.
from snakemake.exceptions import WorkflowError

from maknet.config import check_config, labeled_files, series_batches
from maknet.errors import InputError
from maknet.provenance import code_digest

try:
    check_config(config, f"{workflow.basedir}/workflow/schemas/config.schema.yaml")
    BATCHES = series_batches(config)
except InputError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    results=config["paths"]["results"],
    data=config["paths"]["data"],
    logs=f"{config['paths']['results']}/logs",
    benchmarks=f"{config['paths']['results']}/benchmarks",


LABELED = labeled_files(config)
ON_GPU = int(config["device"] == "cuda")


wildcard_constraints:
    batch=r"batch\d+",
    split="train|val|test|hand",
    run="maknet|vgg16|resnet18",


localrules:
    all,
