# Beyond the paper: what makes the student better, and what a transfer is worth without the labels.
# None of it is part of `all`; `snakemake beyond` makes it.
NOISES = ["noise", "clean"]
LABELS = ["none", "shuffled", "real"]
# Where both have as many epochs, they are no factor.
LENGTHS = ["student"] + ["teacher"] * (
    config["training"]["epochs"] != config["student"]["epochs"]
)
CELLS = [
    (noise, length, labels)
    for length in LENGTHS
    for labels in LABELS
    for noise in NOISES
]


FACTOR_RUNS = [factor_run(*cell) for cell in CELLS]
TRANSFER_RUNS = [
    "lesanet_tcia",
    "lesanet_tcia_shuffled",
    "lesanet_vgg16",
    "lesanet_imagenet",
    "lesanet_scratch_slow",
]


rule shuffle_pseudo_labels:
    """The labels of a round dealt out to other images: every label keeps its count."""
    input:
        labels="<results>/pseudo/round{round}{seed}.npz",
    output:
        shuffled="<results>/pseudo/round{round}_shuffled{seed}.npz",
    log:
        "<logs>/shuffle_pseudo_labels/round{round}{seed}.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        seed=seed_of,
    script:
        "../../scripts/shuffle_pseudo_labels.py"


use rule train_student as train_factor with:
    input:
        unpack(training_files("labeled", "labels")),
        pseudo=factor_labels,
        shards=lambda w: [] if w.labels == "none" else SHARDS(w),
    output:
        weights="<results>/runs/factor_{noise}_{length}_{labels}{seed}/model.safetensors",
        network="<results>/runs/factor_{noise}_{length}_{labels}{seed}/network.json",
        history="<results>/runs/factor_{noise}_{length}_{labels}{seed}/history.csv",
        events=directory("<results>/runs/factor_{noise}_{length}_{labels}{seed}/events"),
    log:
        "<logs>/train/factor_{noise}_{length}_{labels}{seed}.log",
    benchmark:
        "<benchmarks>/train/factor_{noise}_{length}_{labels}{seed}.tsv"
    wildcard_constraints:
        noise="|".join(NOISES),
        length="student|teacher",
        labels="|".join(LABELS),
    params:
        run=lambda w: f"factor_{w.noise}_{w.length}_{w.labels}",
        settings=config["networks"]["maknet"],
        student=lambda w: {
            **student_settings(w),
            "epochs": config[{"teacher": "training"}.get(w.length, w.length)][
                "epochs"
            ],
        },
        augmentation=lambda w: config["augmentation"] if w.noise == "noise" else None,
        loss=config["loss"],
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),


rule make_factors:
    """What makes the student better: noise, epochs, pseudo-labels, or their number alone."""
    input:
        network="<results>/runs/maknet/network.json",
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=FACTOR_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz", run=FACTOR_RUNS, seed=SEEDS
        ),
    output:
        csv="<results>/factors.csv",
        difference="<results>/factors_difference.csv",
        by_seed="<results>/factors_by_seed.csv",
        markdown="<results>/factors.md",
        html=report(
            "<results>/factors.html",
            caption="../report/factors.rst",
            category="Beyond the paper",
            labels={
                "result": "Factors of the student",
                "shows": "Noise, epochs and pseudo-labels, each with and without",
                "form": "table",
            },
        ),
        png=report(
            "<results>/factors.png",
            caption="../report/factors.rst",
            category="Beyond the paper",
            labels={
                "result": "Factors of the student",
                "shows": "Noise, epochs and pseudo-labels, each with and without",
                "form": "plot",
            },
        ),
        pdf="<results>/factors.pdf",
    log:
        "<logs>/make_factors.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=FACTOR_RUNS,
        cells=CELLS,
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_factors.py"


rule make_transfer:
    """Domain or labels: LesaNet from VGG16s that saw other labels or other images, at one rate."""
    input:
        network="<results>/runs/lesanet_tcia/network.json",
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=TRANSFER_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz",
            run=TRANSFER_RUNS,
            seed=SEEDS,
        ),
    output:
        csv="<results>/transfer.csv",
        difference="<results>/transfer_difference.csv",
        by_seed="<results>/transfer_by_seed.csv",
        markdown="<results>/transfer.md",
        html=report(
            "<results>/transfer.html",
            caption="../report/transfer.rst",
            category="Beyond the paper",
            labels={
                "result": "Domain or labels",
                "shows": "LesaNet from VGG16s that saw other labels or other images",
                "form": "table",
            },
        ),
    log:
        "<logs>/make_transfer.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=TRANSFER_RUNS,
        generic=config["generic"],
        unlabeled=config["unlabeled"]["source"],
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_transfer.py"


CLAIMED_NETWORKS = ["maknet", "vgg16", "resnet18"]


rule judge_claims:
    """Every claim of the paper that numbers decide, with what was measured and a verdict."""
    input:
        claims=in_checkout("config/claims.yaml"),
        networks=expand("<results>/runs/{run}/network.json", run=CLAIMED_NETWORKS),
        metrics=expand(
            "<results>/metrics/{run}{seed}.json", run=EVALUATED_RUNS, seed=SEEDS
        ),
        bootstrap=expand(
            "<results>/metrics/{run}{seed}.bootstrap.npz",
            run=EVALUATED_RUNS,
            seed=SEEDS,
        ),
        perturbations="<results>/perturbations.csv",
    output:
        csv="<results>/claims.csv",
        markdown="<results>/claims.md",
        html=report(
            "<results>/claims.html",
            caption="../report/claims.rst",
            category="Beyond the paper",
            labels={
                "result": "Claims",
                "shows": "Every claim of the paper with a verdict",
                "form": "table",
            },
        ),
    log:
        "<logs>/judge_claims.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        runs=EVALUATED_RUNS,
        network_runs=CLAIMED_NETWORKS,
        last=f"student{len(ROUNDS)}",
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/judge_claims.py"


WATCHED_RUNS = watched_runs(config["conclusions"], f"student{len(ROUNDS)}")


rule make_multiverse:
    """What each choice that the paper leaves open does to each conclusion, one choice at a time."""
    input:
        metrics=in_all_scenarios(
            "<results>/{scenario}metrics/{run}{seed}.json", WATCHED_RUNS
        ),
        bootstrap=in_all_scenarios(
            "<results>/{scenario}metrics/{run}{seed}.bootstrap.npz", WATCHED_RUNS
        ),
        perturbations=in_all_scenarios("<results>/{scenario}perturbations.csv"),
    output:
        csv="<results>/multiverse.csv",
        markdown="<results>/multiverse.md",
        html=report(
            "<results>/multiverse.html",
            caption="../report/multiverse.rst",
            category="Beyond the paper",
            labels={
                "result": "Open choices",
                "shows": "What each does to each conclusion",
                "form": "table",
            },
        ),
        png=report(
            "<results>/multiverse.png",
            caption="../report/multiverse.rst",
            category="Beyond the paper",
            labels={
                "result": "Open choices",
                "shows": "What each does to each conclusion",
                "form": "plot",
            },
        ),
        pdf="<results>/multiverse.pdf",
    log:
        "<logs>/make_multiverse.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        scenarios=scenario_entries,
        conclusions=config["conclusions"],
        runs=WATCHED_RUNS,
        last=f"student{len(ROUNDS)}",
        seeds=config["seeds"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/make_multiverse.py"


rule beyond:
    """Everything that goes beyond the paper; it is not part of `all`."""
    input:
        factors="<results>/factors.csv",
        transfer="<results>/transfer.csv",
        claims="<results>/claims.csv",
        multiverse="<results>/multiverse.csv",


localrules:
    beyond,
