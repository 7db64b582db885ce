# The paper's tables. CSV is the result; Markdown and HTML are for reading.
TABLE1_RUNS = ["vgg16", "resnet18", "maknet"]
TABLE2_RUNS = ["maknet", *(f"student{number}" for number in ROUNDS)]


rule table1:
    """Table 1: MAKNet beside VGG16 and ResNet18."""
    input:
        networks=expand("<results>/runs/{run}/network.json", run=TABLE1_RUNS),
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=TABLE1_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz", run=TABLE1_RUNS, seed=SEEDS
        ),
    output:
        csv="<results>/table1.csv",
        by_seed="<results>/table1_by_seed.csv",
        markdown="<results>/table1.md",
        html=report(
            "<results>/table1.html",
            caption="../report/table1.rst",
            category="4.3 Multi-label classification",
        ),
    log:
        "<logs>/table1.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
        code=code_digest("scripts/make_table1.py"),
    script:
        "../../scripts/make_table1.py"


rule table2:
    """Table 2: the teacher and the student of every round."""
    input:
        network="<results>/runs/maknet/network.json",
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=TABLE2_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz", run=TABLE2_RUNS, seed=SEEDS
        ),
        paper=PAPER_TABLES,
    output:
        csv="<results>/table2.csv",
        by_seed="<results>/table2_by_seed.csv",
        markdown="<results>/table2.md",
        html=report(
            "<results>/table2.html",
            caption="../report/table2.rst",
            category="4.4 Semi-supervised training",
        ),
    log:
        "<logs>/table2.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
        code=code_digest("scripts/make_table2.py"),
    script:
        "../../scripts/make_table2.py"
