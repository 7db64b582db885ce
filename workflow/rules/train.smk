# The networks of table 1. maknet is the teacher as well.
VALIDATION = {
    key: config["evaluation"][key] for key in ("batch_size", "threshold_grid")
}


rule train_maknet:
    """MAKNet on the labeled slices (sections 3 and 4.2)."""
    input:
        train="<data>/labeled/train.npy",
        train_index="<data>/labeled/train.csv",
        train_labels="<data>/labels/train.npz",
        val="<data>/labeled/val.npy",
        val_index="<data>/labeled/val.csv",
        val_labels="<data>/labels/val.npz",
        relations="<data>/labels/relations.json",
    output:
        weights="<results>/runs/maknet{seed}/model.safetensors",
        network="<results>/runs/maknet{seed}/network.json",
        history="<results>/runs/maknet{seed}/history.csv",
        events=directory("<results>/runs/maknet{seed}/events"),
    log:
        "<logs>/train/maknet{seed}.log",
    benchmark:
        "<benchmarks>/train/maknet{seed}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(30, config["training"]["epochs"] * LABELED_IMAGES, 200),
    params:
        arch="maknet",
        network=config["networks"]["maknet"],
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_maknet", "scripts/train_network.py"),
    script:
        "../../scripts/train_network.py"


use rule train_maknet as train_vgg16 with:
    input:
        **rules.train_maknet.input,
        imagenet=imagenet_of("vgg16"),
    output:
        weights="<results>/runs/vgg16{seed}/model.safetensors",
        network="<results>/runs/vgg16{seed}/network.json",
        history="<results>/runs/vgg16{seed}/history.csv",
        events=directory("<results>/runs/vgg16{seed}/events"),
    log:
        "<logs>/train/vgg16{seed}.log",
    benchmark:
        "<benchmarks>/train/vgg16{seed}.tsv"
    params:
        arch="vgg16",
        network=config["networks"]["vgg16"],
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_vgg16", "scripts/train_network.py"),


use rule train_maknet as train_resnet18 with:
    input:
        **rules.train_maknet.input,
        imagenet=imagenet_of("resnet18"),
    output:
        weights="<results>/runs/resnet18{seed}/model.safetensors",
        network="<results>/runs/resnet18{seed}/network.json",
        history="<results>/runs/resnet18{seed}/history.csv",
        events=directory("<results>/runs/resnet18{seed}/events"),
    log:
        "<logs>/train/resnet18{seed}.log",
    benchmark:
        "<benchmarks>/train/resnet18{seed}.tsv"
    params:
        arch="resnet18",
        network=config["networks"]["resnet18"],
        training=config["training"],
        loss=config["loss"],
        evaluation=VALIDATION,
        seed=seed_of,
        device=config["device"],
        code=code_of("train_resnet18", "scripts/train_network.py"),
