# The networks of table 1. maknet is the teacher as well.


rule train_network:
    """One network on the labeled slices (sections 3 and 4.2)."""
    input:
        unpack(training_files("labeled", "labels")),
        backbone=weights_before,
    output:
        weights="<results>/{scenario}runs/{net}{seed}/model.safetensors",
        network="<results>/{scenario}runs/{net}{seed}/network.json",
        transfer="<results>/{scenario}runs/{net}{seed}/transfer.json",
        history="<results>/{scenario}runs/{net}{seed}/history.csv",
        events=directory("<results>/{scenario}runs/{net}{seed}/events"),
    log:
        "<logs>/{scenario}train/{net}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/{net}{seed}.tsv"
    wildcard_constraints:
        net="|".join(["maknet", "vgg16", "resnet18", *PRETRAINED]),
    priority: critical_if_awaited
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
        training=config_provider("training"),
        loss=config_provider("loss"),
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),
    script:
        "../../scripts/train_network.py"
