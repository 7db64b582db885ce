# Domain-specific transfer: LesaNet from ImageNet, from the unlabeled CT, and from nothing.
LESANET = config["lesanet"]
LESANET_SETTINGS = {
    "features": LESANET["features"],
    "embedding": LESANET["embedding"],
    "width": config["networks"]["vgg16"]["width"],
}
LESANET_TRAINING = {
    key: LESANET[key]
    for key in (
        "epochs",
        "decay_epoch",
        "decay",
        "batch_size",
        "momentum",
        "weight_decay",
        "clip_norm",
        "monitor",
        "loss",
    )
} | {"window_hu": LESANET["input"]["window_hu"]}


rule train_lesanet:
    """LesaNet by what it starts from.

    `scratch` is what its released code trains, random weights at a rate of its own;
    `scratch_slow` has the rate of the transfers.
    """
    input:
        train="<data>/patches/train.npy",
        train_index="<data>/patches/train.csv",
        train_labels="<data>/lesion_labels/train.npz",
        val="<data>/patches/val.npy",
        val_index="<data>/patches/val.csv",
        val_labels="<data>/lesion_labels/val.npz",
        relations="<data>/lesion_labels/relations.json",
        backbone=backbone_of,
    output:
        weights="<results>/runs/lesanet_{init}{seed}/model.safetensors",
        network="<results>/runs/lesanet_{init}{seed}/network.json",
        transfer="<results>/runs/lesanet_{init}{seed}/transfer.json",
        history="<results>/runs/lesanet_{init}{seed}/history.csv",
        events=directory("<results>/runs/lesanet_{init}{seed}/events"),
    log:
        "<logs>/train/lesanet_{init}{seed}.log",
    benchmark:
        "<benchmarks>/train/lesanet_{init}{seed}.tsv"
    wildcard_constraints:
        init="imagenet|tcia|tcia_shuffled|vgg16|scratch|scratch_slow",
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(60),
    params:
        settings=LESANET_SETTINGS,
        lesanet=LESANET_TRAINING,
        learning_rate=lambda w: LESANET[
            "scratch_learning_rate" if w.init == "scratch" else "learning_rate"
        ],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/train_lesanet.py"
