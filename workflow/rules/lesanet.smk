# Domain-specific transfer: LesaNet from ImageNet, from the unlabeled CT, and from nothing.
VGG16_FRESH = {**config["networks"]["vgg16"], "weights": "none"}
LESANET_NETWORK = {
    "features": config["lesanet"]["features"],
    "embedding": config["lesanet"]["embedding"],
    "width": config["networks"]["vgg16"]["width"],
}
LESANET_TRAINING = {
    key: config["lesanet"][key]
    for key in (
        "epochs",
        "decay_epoch",
        "decay",
        "batch_size",
        "momentum",
        "weight_decay",
        "clip_norm",
        "keep",
        "loss",
    )
} | {"window_hu": config["lesanet"]["input"]["window_hu"]}
GENERIC_TRUNK = {
    "imagenet": "<data>/imagenet/vgg16",
    "textures": "<results>/runs/vgg16_textures{seed}/model.safetensors",
}[config["lesanet"]["generic"]]


use rule build_labels as build_lesion_labels with:
    output:
        train="<data>/lesion_labels/train.npz",
        val="<data>/lesion_labels/val.npz",
        test="<data>/lesion_labels/test.npz",
        hand="<data>/lesion_labels/hand.npz",
        relations="<data>/lesion_labels/relations.json",
        counts="<results>/lesion_label_counts.csv",
    log:
        "<logs>/build_lesion_labels.log",
    params:
        classes=config["lesanet"]["classes"],
        code=code_digest("scripts/build_labels.py"),


rule prepare_patches:
    """The patches around the lesions of one split, LesaNet's input."""
    input:
        dl_info=LABELED["dl_info"],
        images=LABELED["images"],
        labels="<data>/lesion_labels/{split}.npz",
    output:
        shard="<data>/patches/{split}.npy",
        index="<data>/patches/{split}.csv",
        unreadable="<data>/patches/{split}.unreadable.csv",
    log:
        "<logs>/prepare_patches/{split}.log",
    benchmark:
        "<benchmarks>/prepare_patches/{split}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=limit(120),
    params:
        patch=config["lesanet"]["input"],
        max_unreadable=config["labeled"]["max_unreadable"],
        code=code_digest("scripts/prepare_patches.py"),
    script:
        "../../scripts/prepare_patches.py"


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
        network=VGG16_FRESH,
        pretraining=config["pretraining"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("pretrain_vgg16", "scripts/pretrain_vgg16.py"),
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
        code=code_digest("scripts/draw_textures.py"),
    script:
        "../../scripts/draw_textures.py"


use rule train_maknet as pretrain_textures with:
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
        network=VGG16_FRESH,
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("pretrain_textures", "scripts/train_network.py"),


rule train_lesanet_scratch:
    """LesaNet as its released code trains it: from random weights."""
    input:
        train="<data>/patches/train.npy",
        train_index="<data>/patches/train.csv",
        train_labels="<data>/lesion_labels/train.npz",
        val="<data>/patches/val.npy",
        val_index="<data>/patches/val.csv",
        val_labels="<data>/lesion_labels/val.npz",
        relations="<data>/lesion_labels/relations.json",
    output:
        weights="<results>/runs/lesanet_scratch{seed}/model.safetensors",
        network="<results>/runs/lesanet_scratch{seed}/network.json",
        transfer="<results>/runs/lesanet_scratch{seed}/transfer.json",
        history="<results>/runs/lesanet_scratch{seed}/history.csv",
        events=directory("<results>/runs/lesanet_scratch{seed}/events"),
    log:
        "<logs>/train/lesanet_scratch{seed}.log",
    benchmark:
        "<benchmarks>/train/lesanet_scratch{seed}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(60),
    params:
        network=LESANET_NETWORK,
        lesanet=LESANET_TRAINING,
        learning_rate=config["lesanet"]["scratch_learning_rate"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_lesanet_scratch", "scripts/train_lesanet.py"),
    script:
        "../../scripts/train_lesanet.py"


use rule train_lesanet_scratch as train_lesanet_imagenet with:
    input:
        **rules.train_lesanet_scratch.input,
        trunk=GENERIC_TRUNK,
    output:
        weights="<results>/runs/lesanet_imagenet{seed}/model.safetensors",
        network="<results>/runs/lesanet_imagenet{seed}/network.json",
        transfer="<results>/runs/lesanet_imagenet{seed}/transfer.json",
        history="<results>/runs/lesanet_imagenet{seed}/history.csv",
        events=directory("<results>/runs/lesanet_imagenet{seed}/events"),
    log:
        "<logs>/train/lesanet_imagenet{seed}.log",
    benchmark:
        "<benchmarks>/train/lesanet_imagenet{seed}.tsv"
    params:
        network=LESANET_NETWORK,
        lesanet=LESANET_TRAINING,
        learning_rate=config["lesanet"]["learning_rate"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_lesanet_imagenet", "scripts/train_lesanet.py"),


use rule train_lesanet_scratch as train_lesanet_tcia with:
    input:
        **rules.train_lesanet_scratch.input,
        trunk="<results>/runs/vgg16_tcia{seed}/model.safetensors",
    output:
        weights="<results>/runs/lesanet_tcia{seed}/model.safetensors",
        network="<results>/runs/lesanet_tcia{seed}/network.json",
        transfer="<results>/runs/lesanet_tcia{seed}/transfer.json",
        history="<results>/runs/lesanet_tcia{seed}/history.csv",
        events=directory("<results>/runs/lesanet_tcia{seed}/events"),
    log:
        "<logs>/train/lesanet_tcia{seed}.log",
    benchmark:
        "<benchmarks>/train/lesanet_tcia{seed}.tsv"
    params:
        network=LESANET_NETWORK,
        lesanet=LESANET_TRAINING,
        learning_rate=config["lesanet"]["learning_rate"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_lesanet_tcia", "scripts/train_lesanet.py"),


rule predict_lesions:
    """Probabilities of one LesaNet on validation and both test sets."""
    input:
        weights="<results>/runs/{run}/model.safetensors",
        network="<results>/runs/{run}/network.json",
        shards=expand("<data>/patches/{split}.npy", split=["val", "test", "hand"]),
        indices=expand("<data>/patches/{split}.csv", split=["val", "test", "hand"]),
    output:
        val="<results>/scores/{run}/val.npz",
        test="<results>/scores/{run}/test.npz",
        hand="<results>/scores/{run}/hand.npz",
    log:
        "<logs>/predict_lesions/{run}.log",
    benchmark:
        "<benchmarks>/predict_lesions/{run}.tsv"
    wildcard_constraints:
        run=r"lesanet_(imagenet|tcia|scratch)(-seed\d+)?",
    conda:
        "../../envs/maknet.yaml"
    threads: 4 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(8000),
        runtime=limit(30),
    params:
        window_hu=config["lesanet"]["input"]["window_hu"],
        batch_size=config["evaluation"]["batch_size"],
        device=config["device"],
        code=code_digest("scripts/predict_lesions.py"),
    script:
        "../../scripts/predict_lesions.py"
