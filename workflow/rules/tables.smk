# The paper's tables. CSV is the result; Markdown and HTML are for reading.
TABLE1_RUNS = ["vgg16", "vgg16_imagenet", "resnet18", "resnet18_imagenet", "maknet"]
TABLE2_RUNS = ["maknet", "control", *(f"student{number}" for number in ROUNDS)]
TABLE3_RUNS = [
    f"lesanet_{init}" for init in ("imagenet", "tcia", "scratch", "scratch_slow")
]


rule make_table1:
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
        difference="<results>/table1_difference.csv",
        markdown="<results>/table1.md",
        html=report(
            "<results>/table1.html",
            caption="../report/table1.rst",
            category="4.3 Multi-label classification",
            labels={
                "result": "Table 1",
                "shows": "MAKNet beside VGG16 and ResNet18",
                "form": "table",
            },
        ),
    log:
        "<logs>/make_table1.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=TABLE1_RUNS,
        pretrained=PRETRAINED,
        generic=config["generic"],
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_table1.py"


rule make_table2:
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
        difference="<results>/table2_difference.csv",
        markdown="<results>/table2.md",
        html=report(
            "<results>/table2.html",
            caption="../report/table2.rst",
            category="4.4 Semi-supervised training",
            labels={
                "result": "Table 2",
                "shows": "The teacher, a control, and every student",
                "form": "table",
            },
        ),
    log:
        "<logs>/make_table2.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=TABLE2_RUNS,
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_table2.py"


rule make_table3:
    """Table 3: LesaNet from ImageNet, from the unlabeled CT, and from nothing."""
    input:
        network="<results>/runs/lesanet_tcia/network.json",
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=TABLE3_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz", run=TABLE3_RUNS, seed=SEEDS
        ),
    output:
        csv="<results>/table3.csv",
        by_seed="<results>/table3_by_seed.csv",
        difference="<results>/table3_difference.csv",
        markdown="<results>/table3.md",
        html=report(
            "<results>/table3.html",
            caption="../report/table3.rst",
            category="4.5 Domain-specific transfer",
            labels={
                "result": "Table 3",
                "shows": "LesaNet from natural images, from unlabeled CT, from nothing",
                "form": "table",
            },
        ),
    log:
        "<logs>/make_table3.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=TABLE3_RUNS,
        methods=[config["generic"], config["unlabeled"]["source"]],
        scratch_rates=[
            config["lesanet"][key]
            for key in ("scratch_learning_rate", "learning_rate")
        ],
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_table3.py"


EVALUATED_RUNS = list(dict.fromkeys([*TABLE1_RUNS, *TABLE2_RUNS, *TABLE3_RUNS]))


rule summarize_labels:
    """Every label: the metrics of all runs as a table, the noisy student's rounds as a heat map."""
    input:
        per_label=expand(
            "<results>/metrics/{run}{seed}.per_label.csv",
            run=EVALUATED_RUNS,
            seed=SEEDS,
        ),
    output:
        csv="<results>/per_label.csv",
        png=report(
            "<results>/per_label.png",
            caption="../report/per_label.rst",
            category="4.4 Semi-supervised training",
            labels={
                "result": "Every label",
                "shows": "AUC of each label over the rounds",
                "form": "plot",
            },
        ),
        pdf="<results>/per_label.pdf",
    log:
        "<logs>/summarize_labels.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=EVALUATED_RUNS,
        rounds={
            "maknet": "teacher",
            "control": "control",
            **{f"student{number}": f"student {number}" for number in ROUNDS},
        },
        seeds=len(SEEDS),
    script:
        "../../scripts/summarize_labels.py"


rule compare_with_paper:
    """A table beside the numbers that the paper prints, where the data are the paper's."""
    input:
        table="<results>/table{number}.csv",
        paper=PAPER_TABLES,
    output:
        csv="<results>/table{number}_vs_paper.csv",
    log:
        "<logs>/compare_with_paper/table{number}.log",
    wildcard_constraints:
        number="[123]",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    script:
        "../../scripts/compare_with_paper.py"
