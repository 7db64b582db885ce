# Weights to start LesaNet from: VGG16 on the unlabeled CT, and on drawn textures where these stand in for
# ImageNet.
VGG16_FRESH = {**config["networks"]["vgg16"], "weights": "none"}


rule pretrain_vgg16:
    """VGG16 on the unlabeled images with the pseudo-labels of the last round (section 4.5)."""
    input:
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
        pseudo=f"<results>/pseudo/round{len(ROUNDS) + 1}{{seed}}.npz",
        shards=SHARDS,
    output:
        weights="<results>/runs/vgg16_tcia{seed}/model.safetensors",
        network="<results>/runs/vgg16_tcia{seed}/network.json",
        history="<results>/runs/vgg16_tcia{seed}/history.csv",
        events=directory("<results>/runs/vgg16_tcia{seed}/events"),
    log:
        "<logs>/train/vgg16_tcia{seed}.log",
    benchmark:
        "<benchmarks>/train/vgg16_tcia{seed}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000, 500),
        runtime=limit(30, config["pretraining"]["epochs"] * UNLABELED_IMAGES, 300),
    params:
        settings=VGG16_FRESH,
        pretraining=config["pretraining"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
    script:
        "../../scripts/pretrain_vgg16.py"


rule draw_textures:
    """Textures that stand in for ImageNet where `lesanet.generic` says so."""
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
        weights="<results>/runs/vgg16_textures{seed}/model.safetensors",
        network="<results>/runs/vgg16_textures{seed}/network.json",
        history="<results>/runs/vgg16_textures{seed}/history.csv",
        events=directory("<results>/runs/vgg16_textures{seed}/events"),
    log:
        "<logs>/train/vgg16_textures{seed}.log",
    benchmark:
        "<benchmarks>/train/vgg16_textures{seed}.tsv"
    params:
        arch="vgg16",
        settings=VGG16_FRESH,
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
