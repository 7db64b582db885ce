# Figures, of the paper and beside it. What needs torch is done before, so that drawing is quick.
EXPLAINED_RUNS = ["maknet", "vgg16"]
EXPLAINED_TITLES = ["MAKNet", "VGG16"]
TRAINED_RUNS = list(
    dict.fromkeys([*TABLE1_RUNS, *TABLE2_RUNS, "vgg16_tcia", *TABLE3_RUNS])
)


# Epochs of this run and of the paper's, by what is trained.
AS_IN_PAPER = with_defaults({}, CONFIG_FILES[:1])
EPOCHS = {
    title: [which[section]["epochs"] for which in (config, AS_IN_PAPER)]
    for title, section in [
        ("networks", "training"),
        ("students", "student"),
        ("VGG16 on unlabeled CT", "pretraining"),
        ("LesaNet", "lesanet"),
    ]
}


rule draw_training_curves:
    """Loss and validation metrics of all trainings by epoch, from their `history.csv`."""
    input:
        histories=expand(
            "<results>/runs/{run}{seed}/history.csv",
            run=TRAINED_RUNS,
            seed=SEEDS,
        ),
    output:
        png=report(
            "<results>/curves.png",
            caption="../report/training_curves.rst",
            category="4.3 Multi-label classification",
            labels={
                "result": "Training curves",
                "shows": "Loss and validation of all networks by epoch",
                "form": "plot",
            },
        ),
        pdf="<results>/curves.pdf",
    log:
        "<logs>/draw_training_curves.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        epochs=EPOCHS,
    script:
        "../../scripts/draw_training_curves.py"


rule describe_architecture:
    """The parts of the trained MAKNet, read off the network object."""
    input:
        weights="<results>/runs/maknet/model.safetensors",
        network="<results>/runs/maknet/network.json",
    output:
        architecture="<results>/explain/architecture.json",
    log:
        "<logs>/describe_architecture.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(10),
    params:
        size=config["image"]["size"],
    script:
        "../../scripts/describe_architecture.py"


rule explain_run:
    """Attributions and perturbations of one network over the hand-labeled set (section 5)."""
    input:
        weights=in_scenario("<results>/{scenario}runs/{run}{seed}/model.safetensors"),
        network=in_scenario("<results>/{scenario}runs/{run}{seed}/network.json"),
        hand=in_scenario("<data>/{scenario}labeled/hand.npy"),
        hand_index=in_scenario("<data>/{scenario}labeled/hand.csv"),
        hand_labels=in_scenario("<data>/{scenario}labels/hand.npz"),
        dl_info=LABELED["dl_info"],
    output:
        study="<results>/{scenario}explain/{run}{seed}.npz",
    log:
        "<logs>/{scenario}explain_run/{run}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}explain_run/{run}{seed}.tsv"
    wildcard_constraints:
        run="maknet|vgg16",
    conda:
        "../../envs/maknet.yaml"
    threads: 4 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(120),
    params:
        explain=config_provider("explain"),
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/explain_run.py"


rule draw_architecture:
    """Figure 1: the architecture, drawn from the network that was trained."""
    input:
        architecture="<results>/explain/architecture.json",
    output:
        png=report(
            "<results>/figure1.png",
            caption="../report/architecture.rst",
            category="3 Proposed network",
            labels={
                "result": "Figure 1",
                "shows": "The architecture of the network that was trained",
                "form": "figure",
            },
        ),
        pdf="<results>/figure1.pdf",
    log:
        "<logs>/draw_architecture.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
    script:
        "../../scripts/draw_architecture.py"


rule draw_noisy_student:
    """Figure 2: the noisy student with the numbers of this run."""
    input:
        train_index="<data>/labeled/train.csv",
        relations="<data>/labels/relations.json",
        rounds="<results>/pseudo_labels.csv",
    output:
        png=report(
            "<results>/figure2.png",
            caption="../report/noisy_student.rst",
            category="4.4 Semi-supervised training",
            labels={
                "result": "Figure 2",
                "shows": "The noisy student with the numbers of this run",
                "form": "figure",
            },
        ),
        pdf="<results>/figure2.pdf",
    log:
        "<logs>/draw_noisy_student.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        settings={
            key: config[key] for key in ("pseudo_labels", "student", "augmentation")
        },
    script:
        "../../scripts/draw_noisy_student.py"


rule draw_explanations:
    """Figures 3 and 4: integrated gradients of MAKNet and VGG16, and one image perturbed."""
    input:
        studies=expand("<results>/explain/{run}.npz", run=EXPLAINED_RUNS),
        hand_labels="<data>/labels/hand.npz",
        relations="<data>/labels/relations.json",
    output:
        png=report(
            "<results>/figure{number}.png",
            caption="../report/explanations.rst",
            category="5 Understanding predictions",
            labels={
                "result": "Figure {number}",
                "shows": "Integrated gradients (3), and one image perturbed (4)",
                "form": "figure",
            },
        ),
        pdf="<results>/figure{number}.pdf",
    log:
        "<logs>/draw_explanations/figure{number}.log",
    wildcard_constraints:
        number="[34]",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        titles=EXPLAINED_TITLES,
        window_hu=config["image"]["window_hu"],
    script:
        "../../scripts/draw_explanations.py"


rule summarize_explanations:
    """Figures 3 and 4 in numbers, over the whole hand-labeled set."""
    input:
        studies=in_scenario(
            *(
                f"<results>/{{scenario}}explain/{run}{seed}.npz"
                for run in EXPLAINED_RUNS
                for seed in SEEDS
            )
        ),
    output:
        perturbations="<results>/{scenario}perturbations.csv",
        deletion="<results>/{scenario}deletion.csv",
        png=report(
            "<results>/{scenario}deletion.png",
            caption="../report/deletion.rst",
            category="5 Understanding predictions",
            labels=lambda w: {
                "result": f"Deletion {w.scenario}".strip(),
                "shows": "Confidence as the most attributed pixels are blacked out",
                "form": "plot",
            },
        ),
        pdf="<results>/{scenario}deletion.pdf",
    log:
        "<logs>/{scenario}summarize_explanations.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        titles=EXPLAINED_TITLES,
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/summarize_explanations.py"
