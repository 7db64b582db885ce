# The networks of table 1. maknet is the teacher as well.


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
        weights="<results>/runs/maknet/model.safetensors",
        network="<results>/runs/maknet/network.json",
        history="<results>/runs/maknet/history.csv",
        events=directory("<results>/runs/maknet/events"),
    log:
        "<logs>/train/maknet.log",
    benchmark:
        "<benchmarks>/train/maknet.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=lambda wildcards, attempt: 16000 * attempt,
        runtime=60,
    params:
        arch="maknet",
        network=config["networks"]["maknet"],
        training=config["training"],
        loss=config["loss"],
        threshold_grid=config["evaluation"]["threshold_grid"],
        seed=config["seed"],
        device=config["device"],
        code=code_digest("scripts/train_network.py"),
    script:
        "../../scripts/train_network.py"


use rule train_maknet as train_vgg16 with:
    input:
        **rules.train_maknet.input,
        imagenet=imagenet_of("vgg16"),
    output:
        weights="<results>/runs/vgg16/model.safetensors",
        network="<results>/runs/vgg16/network.json",
        history="<results>/runs/vgg16/history.csv",
        events=directory("<results>/runs/vgg16/events"),
    log:
        "<logs>/train/vgg16.log",
    benchmark:
        "<benchmarks>/train/vgg16.tsv"
    params:
        arch="vgg16",
        network=config["networks"]["vgg16"],
        training=config["training"],
        loss=config["loss"],
        threshold_grid=config["evaluation"]["threshold_grid"],
        seed=config["seed"],
        device=config["device"],
        code=code_digest("scripts/train_network.py"),


use rule train_maknet as train_resnet18 with:
    input:
        **rules.train_maknet.input,
        imagenet=imagenet_of("resnet18"),
    output:
        weights="<results>/runs/resnet18/model.safetensors",
        network="<results>/runs/resnet18/network.json",
        history="<results>/runs/resnet18/history.csv",
        events=directory("<results>/runs/resnet18/events"),
    log:
        "<logs>/train/resnet18.log",
    benchmark:
        "<benchmarks>/train/resnet18.tsv"
    params:
        arch="resnet18",
        network=config["networks"]["resnet18"],
        training=config["training"],
        loss=config["loss"],
        threshold_grid=config["evaluation"]["threshold_grid"],
        seed=config["seed"],
        device=config["device"],
        code=code_digest("scripts/train_network.py"),
