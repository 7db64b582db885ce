from maknet.reporting.audit_page.page import PARTS

# Where results come from: data and licenses, the run as an RO-Crate, the audit.
RECEIPTS = expand(f"{FETCHED}/receipts/{{batch}}.csv", batch=BATCHES)
AUDITED = [
    *expand("<results>/table{number}.csv", number=[1, 2, 3]),
    *expand("<results>/table{number}_vs_paper.csv", number=[1, 2, 3]),
    *expand("<results>/figure{number}.png", number=[1, 2, 3, 4]),
    *expand("<results>/table{number}_difference.csv", number=[1, 2, 3]),
    "<results>/overlap.csv",
    "<results>/counts_vs_paper.csv",
    "<results>/pseudo_labels.csv",
    "<results>/per_label.csv",
    "<results>/perturbations.csv",
    "<results>/deletion.csv",
    "<results>/curves.png",
    "<results>/rejected.csv",
    "<results>/contact_sheet.png",
    "<results>/duplicates.csv",
    "<results>/duplicates_vs_collections.csv",
    "<results>/data_and_licenses.csv",
]
# What else is worth keeping, and `all` asks for: Snakemake does not miss a file between others that are up
# to date, such as the weights of a training that was killed.
TEXTURE_RUNS = (
    ["vgg16_textures", "resnet18_textures"] if config["generic"] == "textures" else []
)
KEPT = [
    *expand(
        "<results>/runs/{run}{seed}/{file}",
        run=[*TRAINED_RUNS, *TEXTURE_RUNS],
        seed=SEEDS,
        file=["model.safetensors", "network.json", "history.csv", "events"],
    ),
    *expand(
        "<results>/pseudo/round{round}{seed}.npz",
        round=[*ROUNDS, len(ROUNDS) + 1],
        seed=SEEDS,
    ),
    *expand(
        "<results>/scores/{run}{seed}/{split}.npz",
        run=EVALUATED_RUNS,
        seed=SEEDS,
        split=["val", "test", "hand"],
    ),
    *expand(
        ["<results>/thresholds/{run}{seed}.json", "<results>/metrics/{run}{seed}.json"],
        run=EVALUATED_RUNS,
        seed=SEEDS,
    ),
    *expand("<results>/explain/{run}{seed}.npz", run=EXPLAINED_RUNS, seed=SEEDS),
]


rule list_licenses:
    """Which data the run used, under which license, and how to cite them."""
    input:
        receipts=RECEIPTS,
        known=in_checkout("config/data_sources.csv"),
        attribution=in_checkout("config/attribution.csv"),
    output:
        csv="<results>/data_and_licenses.csv",
    log:
        "<logs>/list_licenses.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        used={
            "labeled": {"source": config["labeled"]["source"]},
            "unlabeled": {"source": config["unlabeled"]["source"]},
            "generic": config["generic"],
        },
    script:
        "../../scripts/list_licenses.py"


rule draw_rule_graph:
    """What was done, from data to results, by the paper's sections, with counts of jobs."""
    input:
        results=AUDITED,
    output:
        png=report(
            "<results>/rule_graph.png",
            caption="../report/rule_graph.rst",
            category="1 Overview",
            labels={
                "result": "From data to results",
                "shows": "What was done, by the paper's sections, with counts of jobs",
                "form": "figure",
            },
        ),
        pdf="<results>/rule_graph.pdf",
    log:
        "<logs>/draw_rule_graph.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
    script:
        "../../scripts/draw_rule_graph.py"


rule write_audit_page:
    """The audit as a page: from every printed number to its sources, offline."""
    input:
        results=AUDITED,
        licenses="<results>/data_and_licenses.csv",
        parts=[in_checkout(f"workflow/report/audit/{name}") for name in PARTS],
    output:
        html=report(
            "<results>/audit.html",
            caption="../report/audit.rst",
            category="Audit",
            labels={
                "result": "Audit",
                "shows": "From every printed number to its sources",
                "form": "page",
            },
        ),
    log:
        "<logs>/write_audit_page.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        rules=lambda wildcards: {
            name_here(rule): [rule.docstring or "", *map(str, rule.log)]
            for rule in filter(is_own, workflow.rules)
        },
    script:
        "../../scripts/write_audit_page.py"


rule write_ro_crate:
    """The run as a Workflow Run RO-Crate, with a copy of the workflow that made it."""
    input:
        results=AUDITED,
        sources="<results>/data_and_licenses.csv",
        readme="<results>/README.md",
        citation=in_checkout("CITATION.cff"),
    output:
        crate="<results>/ro-crate-metadata.json",
        workflow=directory("<results>/workflow"),
    log:
        "<logs>/write_ro_crate.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        rules=lambda wildcards: {
            name_here(rule): rule.docstring or ""
            for rule in filter(is_own, workflow.rules)
        },
    script:
        "../../scripts/write_ro_crate.py"


rule audit:
    """Every table and figure as it is against its lineage; fails if a link does not hold."""
    log:
        "<logs>/audit.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        # No input: what is out of date is to be named, not made anew.
        results=[
            path.replace("<results>", config["paths"]["results"]) for path in AUDITED
        ],
    script:
        "../../scripts/audit.py"
