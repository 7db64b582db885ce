# The networks of table 1. maknet is the teacher as well.
VALIDATION = {
    key: config["evaluation"][key] for key in ("batch_size", "threshold_grid")
}


rule train_network:
    """One network on the labeled slices (sections 3 and 4.2)."""
    input:
        train="<data>/labeled/train.npy",
        train_index="<data>/labeled/train.csv",
        train_labels="<data>/labels/train.npz",
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
        backbone=start_of,
    output:
        weights="<results>/runs/{net}{seed}/model.safetensors",
        network="<results>/runs/{net}{seed}/network.json",
        transfer="<results>/runs/{net}{seed}/transfer.json",
        history="<results>/runs/{net}{seed}/history.csv",
        events=directory("<results>/runs/{net}{seed}/events"),
    log:
        "<logs>/train/{net}{seed}.log",
    benchmark:
        "<benchmarks>/train/{net}{seed}.tsv"
    wildcard_constraints:
        net="|".join(["maknet", "vgg16", "resnet18", *PRETRAINED]),
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(30, config["training"]["epochs"] * LABELED_IMAGES, 200),
    params:
        arch=arch_of,
        settings=network_settings,
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/train_network.py"
