# Weights to start from: VGG16 on the unlabeled CT, and networks on drawn textures where these stand in
# for ImageNet.


rule pretrain_vgg16:
    """VGG16 on the unlabeled images with the pseudo-labels of the last round (section 4.5).

    `_shuffled` has the labels of other images, see `beyond.smk`.
    """
    input:
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
        pseudo=f"<results>/pseudo/round{len(ROUNDS) + 1}{{labels}}{{seed}}.npz",
        shards=SHARDS,
    output:
        weights="<results>/runs/vgg16_tcia{labels}{seed}/model.safetensors",
        network="<results>/runs/vgg16_tcia{labels}{seed}/network.json",
        history="<results>/runs/vgg16_tcia{labels}{seed}/history.csv",
        events=directory("<results>/runs/vgg16_tcia{labels}{seed}/events"),
    log:
        "<logs>/train/vgg16_tcia{labels}{seed}.log",
    benchmark:
        "<benchmarks>/train/vgg16_tcia{labels}{seed}.tsv"
    wildcard_constraints:
        labels="(_shuffled)?",
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000, 500),
        runtime=limit(30, config["pretraining"]["epochs"] * UNLABELED_IMAGES, 300),
    params:
        settings=config["networks"]["vgg16"],
        pretraining=config["pretraining"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/pretrain_vgg16.py"


rule draw_textures:
    """Textures that stand in for ImageNet where `generic` says so."""
    output:
        train="<data>/textures/train.npy",
        train_index="<data>/textures/train.csv",
        train_labels="<data>/textures/train.npz",
        val="<data>/textures/val.npy",
        val_index="<data>/textures/val.csv",
        val_labels="<data>/textures/val.npz",
        relations="<data>/textures/relations.json",
    log:
        "<logs>/draw_textures.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        counts=config.get("textures", {}).get("images"),
        size=config["image"]["size"],
        seed=config["seeds"][0],
    script:
        "../../scripts/draw_textures.py"


use rule train_network as pretrain_textures with:
    input:
        train="<data>/textures/train.npy",
        train_index="<data>/textures/train.csv",
        train_labels="<data>/textures/train.npz",
        val="<data>/textures/val.npy",
        val_index="<data>/textures/val.csv",
        val_labels="<data>/textures/val.npz",
        relations="<data>/textures/relations.json",
    output:
        weights="<results>/runs/{net}_textures{seed}/model.safetensors",
        network="<results>/runs/{net}_textures{seed}/network.json",
        transfer="<results>/runs/{net}_textures{seed}/transfer.json",
        history="<results>/runs/{net}_textures{seed}/history.csv",
        events=directory("<results>/runs/{net}_textures{seed}/events"),
    log:
        "<logs>/train/{net}_textures{seed}.log",
    benchmark:
        "<benchmarks>/train/{net}_textures{seed}.tsv"
    wildcard_constraints:
        net="vgg16|resnet18",
