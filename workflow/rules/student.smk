# Noisy student: label all unlabeled images, train a student on them and on the labeled ones, repeat.
SHARDS = in_batches("<data>/{scenario}unlabeled/{batch}.npy")


rule pseudo_label:
    """Labels for all unlabeled images by the network of the round before (section 4.2)."""
    input:
        weights=labeler_file("model.safetensors"),
        network=labeler_file("network.json"),
        relations=in_scenario("<data>/{scenario}labels/relations.json"),
        shards=SHARDS,
        excluded=in_scenario("<data>/{scenario}excluded.csv"),
    output:
        labels="<results>/{scenario}pseudo/round{round}{seed}.npz",
    log:
        "<logs>/{scenario}pseudo_label/round{round}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}pseudo_label/round{round}{seed}.tsv"
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(8000, 500),
        runtime=limit(15, UNLABELED_IMAGES, 500),
    params:
        pseudo_labels=config_provider("pseudo_labels"),
        batch_size=config_provider("evaluation", "batch_size"),
        device=config["device"],
    script:
        "../../scripts/pseudo_label.py"


rule train_student:
    """The student of one round, on labeled and pseudo-labeled images with noise (section 4.2)."""
    input:
        unpack(training_files("labeled", "labels")),
        pseudo=in_scenario("<results>/{scenario}pseudo/round{round}{seed}.npz"),
        shards=SHARDS,
    output:
        weights="<results>/{scenario}runs/student{round}{seed}/model.safetensors",
        network="<results>/{scenario}runs/student{round}{seed}/network.json",
        history="<results>/{scenario}runs/student{round}{seed}/history.csv",
        events=directory("<results>/{scenario}runs/student{round}{seed}/events"),
    log:
        "<logs>/{scenario}train/student{round}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/student{round}{seed}.tsv"
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000, 500),
        runtime=limit(30, config["student"]["epochs"] * 2 * LABELED_IMAGES, 400),
    params:
        run=lambda w: f"student{w.round}",
        settings=config_provider("networks", "maknet"),
        student=student_settings,
        augmentation=config_provider("augmentation"),
        loss=config_provider("loss"),
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),
    script:
        "../../scripts/train_student.py"


use rule train_student as train_control with:
    input:
        unpack(training_files("labeled", "labels")),
    output:
        weights="<results>/{scenario}runs/control{seed}/model.safetensors",
        network="<results>/{scenario}runs/control{seed}/network.json",
        history="<results>/{scenario}runs/control{seed}/history.csv",
        events=directory("<results>/{scenario}runs/control{seed}/events"),
    log:
        "<logs>/{scenario}train/control{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/control{seed}.tsv"
    params:
        run="control",
        settings=config_provider("networks", "maknet"),
        student=student_settings,
        augmentation=config_provider("augmentation"),
        loss=config_provider("loss"),
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),


rule summarize_pseudo_labels:
    """How the labels of all rounds differ, the last of which feeds the transfer (section 4.4)."""
    input:
        labels=expand(
            "<results>/pseudo/round{round}.npz", round=[*ROUNDS, len(ROUNDS) + 1]
        ),
        train_labels="<data>/labels/train.npz",
    output:
        rounds="<results>/pseudo_labels.csv",
        by_label="<results>/pseudo_labels_by_label.csv",
        png=report(
            "<results>/pseudo_labels.png",
            caption="../report/pseudo_labels.rst",
            category="4.4 Semi-supervised training",
            labels={
                "result": "Pseudo-labels",
                "shows": "How many, and how the rounds differ",
                "form": "plot",
            },
        ),
        pdf="<results>/pseudo_labels.pdf",
    log:
        "<logs>/summarize_pseudo_labels.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, 1500),
        runtime=limit(30),
    params:
        loss=config["loss"],
        threshold=config["pseudo_labels"]["threshold"],
        dataset=UNLABELED_NAME,
        labelers=[labeler(number) for number in [*ROUNDS, len(ROUNDS) + 1]],
    script:
        "../../scripts/summarize_pseudo_labels.py"
