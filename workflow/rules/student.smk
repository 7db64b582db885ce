# Noisy student: label all unlabeled images, train a student on them and on the labeled ones, repeat.
STUDENT = {key: value for key, value in config["student"].items() if key != "rounds"}
SHARDS = expand("<data>/unlabeled/{batch}.npy", batch=BATCHES)


rule pseudo_label:
    """Labels for all unlabeled images by the network of the round before (section 4.2)."""
    input:
        weights=labeler_file("model.safetensors"),
        network=labeler_file("network.json"),
        relations="<data>/labels/relations.json",
        shards=SHARDS,
    output:
        labels="<results>/pseudo/round{round}{seed}.npz",
    log:
        "<logs>/pseudo_label/round{round}{seed}.log",
    benchmark:
        "<benchmarks>/pseudo_label/round{round}{seed}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(8000, 500),
        runtime=limit(15, UNLABELED_IMAGES, 500),
    params:
        pseudo_labels=config["pseudo_labels"],
        batch_size=config["evaluation"]["batch_size"],
        device=config["device"],
    script:
        "../../scripts/pseudo_label.py"


rule train_student:
    """The student of one round, on labeled and pseudo-labeled images with noise (section 4.2)."""
    input:
        train="<data>/labeled/train.npy",
        train_index="<data>/labeled/train.csv",
        train_labels="<data>/labels/train.npz",
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
        pseudo="<results>/pseudo/round{round}{seed}.npz",
        shards=SHARDS,
    output:
        weights="<results>/runs/student{round}{seed}/model.safetensors",
        network="<results>/runs/student{round}{seed}/network.json",
        history="<results>/runs/student{round}{seed}/history.csv",
        events=directory("<results>/runs/student{round}{seed}/events"),
    log:
        "<logs>/train/student{round}{seed}.log",
    benchmark:
        "<benchmarks>/train/student{round}{seed}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000, 500),
        runtime=limit(30, STUDENT["epochs"] * 2 * LABELED_IMAGES, 400),
    params:
        run=lambda w: f"student{w.round}",
        settings=config["networks"]["maknet"],
        student=STUDENT,
        augmentation=config["augmentation"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/train_student.py"


use rule train_student as train_control with:
    input:
        train="<data>/labeled/train.npy",
        train_index="<data>/labeled/train.csv",
        train_labels="<data>/labels/train.npz",
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
    output:
        weights="<results>/runs/control{seed}/model.safetensors",
        network="<results>/runs/control{seed}/network.json",
        history="<results>/runs/control{seed}/history.csv",
        events=directory("<results>/runs/control{seed}/events"),
    log:
        "<logs>/train/control{seed}.log",
    benchmark:
        "<benchmarks>/train/control{seed}.tsv"
    params:
        run="control",
        settings=config["networks"]["maknet"],
        student=STUDENT,
        augmentation=config["augmentation"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],


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
        ),
        pdf="<results>/pseudo_labels.pdf",
    log:
        "<logs>/summarize_pseudo_labels.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000, 1500),
        runtime=limit(30),
    params:
        loss=config["loss"],
        threshold=config["pseudo_labels"]["threshold"],
        dataset=UNLABELED_NAME,
        labelers=[labeler(number) for number in [*ROUNDS, len(ROUNDS) + 1]],
    script:
        "../../scripts/summarize_pseudo_labels.py"
