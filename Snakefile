# MAKNet (arXiv 2005.11746) from raw CT to every printed number. An index: no logic lives here.
# Without a profile or a configfile this is the demo on synthetic CT; a configfile is an overlay.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.20")

# Not `workflow.basedir`: another workflow may import this one, see docs/module.md.
CHECKOUT = workflow.current_basedir
if not Path(str(CHECKOUT)).is_dir():
    raise WorkflowError(
        f"{CHECKOUT} is no folder: Snakemake fetches rules without the library that they need. Clone the "
        "repository, and name the clone's Snakefile in the module."
    )
sys.path.insert(0, str(CHECKOUT))
BEFORE = {id(rule) for rule in workflow.rules}


report: "workflow/report/workflow.rst"


# For `--software-deployment-method apptainer`; envs/maknet.def makes it.
container: f"{CHECKOUT}/envs/maknet.sif"


# At this point `config` holds what the command line names; it wins over the files below.
DEMO = "dataset" not in config


configfile: f"{CHECKOUT}/config/paper.yaml"
configfile: f"{CHECKOUT}/config/choices.yaml"


if DEMO:

    configfile: f"{CHECKOUT}/config/demo.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/scenarios.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/counts.smk"
include: "workflow/rules/duplicates.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/student.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/lesanet.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/beyond.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/release.smk"


rule all:
    """Every table and figure, and what was refused on the way."""
    default_target: True
    input:
        table1="<results>/table1.csv",
        table2="<results>/table2.csv",
        table3="<results>/table3.csv",
        read=expand(
            "<results>/table{number}.{form}", number=[1, 2, 3], form=["md", "html"]
        ),
        comparisons=expand("<results>/table{number}_vs_paper.csv", number=[1, 2, 3]),
        overlap="<results>/overlap.csv",
        counts="<results>/counts_vs_paper.csv",
        pseudo_labels="<results>/pseudo_labels.csv",
        per_label="<results>/per_label.csv",
        curves="<results>/curves.png",
        figures=expand("<results>/figure{number}.png", number=[1, 2, 3, 4]),
        deletion="<results>/deletion.png",
        rejected="<results>/rejected.csv",
        funnel="<results>/series_funnel.csv",
        contact_sheet="<results>/contact_sheet.png",
        duplicates="<results>/duplicates.csv",
        pages=expand("<results>/pages/{page}.html", page=PAGES),
        readme="<results>/README.md",
        rule_graph="<results>/rule_graph.png",
        audit="<results>/audit.html",
        crate="<results>/ro-crate-metadata.json",
        kept=KEPT,


include: "workflow/rules/code.smk"
