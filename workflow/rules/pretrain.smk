# Weights to start from: VGG16 on the unlabeled CT, and networks on synthetic textures where these stand in
# for ImageNet.
LAST_LABELS = (
    f"<results>/{{scenario}}pseudo/round{len(ROUNDS) + 1}{{labels}}{{seed}}.npz"
)


rule pretrain_vgg16:
    """VGG16 on the unlabeled images with the pseudo-labels of the last round (section 4.5).

    `_shuffled` has the labels of other images, see `beyond.smk`.
    """
    input:
        val=in_scenario("<data>/{scenario}labeled/val.npy"),
        val_index=in_scenario("<data>/{scenario}labeled/val.csv"),
        val_labels=in_scenario("<data>/{scenario}labels/val.npz"),
        relations=in_scenario("<data>/{scenario}labels/relations.json"),
        pseudo=in_scenario(LAST_LABELS),
        shards=SHARDS,
    output:
        weights="<results>/{scenario}runs/vgg16_tcia{labels}{seed}/model.safetensors",
        network="<results>/{scenario}runs/vgg16_tcia{labels}{seed}/network.json",
        history="<results>/{scenario}runs/vgg16_tcia{labels}{seed}/history.csv",
        events=directory("<results>/{scenario}runs/vgg16_tcia{labels}{seed}/events"),
    log:
        "<logs>/{scenario}train/vgg16_tcia{labels}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/vgg16_tcia{labels}{seed}.tsv"
    wildcard_constraints:
        labels="(_shuffled)?",
    priority: critical_if_awaited
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000, 500),
        runtime=limit(30, config["pretraining"]["epochs"] * UNLABELED_IMAGES, 300),
    params:
        settings=config_provider("networks", "vgg16"),
        pretraining=config_provider("pretraining"),
        loss=config_provider("loss"),
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),
    script:
        "../../scripts/pretrain_vgg16.py"


rule draw_textures:
    """Textures that stand in for ImageNet where `generic` says so."""
    output:
        train="<data>/{scenario}textures/train.npy",
        train_index="<data>/{scenario}textures/train.csv",
        train_labels="<data>/{scenario}textures/train.npz",
        val="<data>/{scenario}textures/val.npy",
        val_index="<data>/{scenario}textures/val.csv",
        val_labels="<data>/{scenario}textures/val.npz",
        relations="<data>/{scenario}textures/relations.json",
    log:
        "<logs>/{scenario}draw_textures.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        counts=lambda w: config_of(w).get("textures", {}).get("images"),
        size=config_provider("image", "size"),
        seed=lambda w: config_of(w)["seeds"][0],
    script:
        "../../scripts/draw_textures.py"


use rule train_network as pretrain_textures with:
    input:
        unpack(training_files("textures", "textures")),
    output:
        weights="<results>/{scenario}runs/{net}_textures{seed}/model.safetensors",
        network="<results>/{scenario}runs/{net}_textures{seed}/network.json",
        transfer="<results>/{scenario}runs/{net}_textures{seed}/transfer.json",
        history="<results>/{scenario}runs/{net}_textures{seed}/history.csv",
        events=directory("<results>/{scenario}runs/{net}_textures{seed}/events"),
    log:
        "<logs>/{scenario}train/{net}_textures{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/{net}_textures{seed}.tsv"
    wildcard_constraints:
        net="vgg16|resnet18",
