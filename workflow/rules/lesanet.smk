# Domain-specific transfer: LesaNet from ImageNet, from the unlabeled CT, and from nothing.


rule train_lesanet:
    """LesaNet by what it starts from.

    `scratch` is what its released code trains, random weights at a rate of its own;
    `scratch_slow` has the rate of the transfers.
    """
    input:
        unpack(training_files("patches", "lesion_labels")),
        backbone=weights_before,
    output:
        weights="<results>/{scenario}runs/lesanet_{init}{seed}/model.safetensors",
        network="<results>/{scenario}runs/lesanet_{init}{seed}/network.json",
        transfer="<results>/{scenario}runs/lesanet_{init}{seed}/transfer.json",
        history="<results>/{scenario}runs/lesanet_{init}{seed}/history.csv",
        events=directory("<results>/{scenario}runs/lesanet_{init}{seed}/events"),
    log:
        "<logs>/{scenario}train/lesanet_{init}{seed}.log",
    benchmark:
        "<benchmarks>/{scenario}train/lesanet_{init}{seed}.tsv"
    wildcard_constraints:
        init="imagenet|tcia|tcia_shuffled|vgg16|scratch|scratch_slow",
    priority: critical_if_awaited
    conda:
        "../../envs/maknet.yaml"
    threads: 8 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(16000),
        runtime=limit(60),
    params:
        settings=lesanet_settings,
        lesanet=lesanet_training,
        learning_rate=lesanet_rate,
        evaluation=validation,
        seed=seed_of,
        device=config["device"],
        precision=precision_of,
        compile=config_provider("jobs", "compile"),
    script:
        "../../scripts/train_lesanet.py"
