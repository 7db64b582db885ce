# What all rules share: the checked configuration, paths, wildcards. Parsed by every Slurm job, so
# nothing heavy is imported.
from snakemake.exceptions import WorkflowError

from maknet.config import check_config
from maknet.errors import InputError
from maknet.provenance import code_digest
from maknet.sources import labeled_files, series_batches, zip_parts

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
DEEPLESION_PARTS = zip_parts(config)
ON_GPU = int(config["device"] == "cuda")


wildcard_constraints:
    batch=r"[\w-]+",
    part=r"\d\d",
    split="train|val|test|hand",
    run="maknet|vgg16|resnet18",


localrules:
    all,


def imagenet_of(network: str) -> list[str]:
    """Return the fetched ImageNet weights of a network that starts from them, else nothing."""
    wanted = config["networks"][network]["weights"] == "imagenet"
    return [f"<data>/imagenet/{network}"] if wanted else []
