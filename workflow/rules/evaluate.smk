# From weights to metrics: scores on every split, thresholds from validation, metrics on both tests.


rule predict_scores:
    """Probabilities of one run on validation and both test sets."""
    input:
        weights=in_scenario("<results>/{scenario}runs/{run}/model.safetensors"),
        network=in_scenario("<results>/{scenario}runs/{run}/network.json"),
        shards=evaluated_files("npy"),
        indices=evaluated_files("csv"),
    output:
        val="<results>/{scenario}scores/{run}/val.npz",
        test="<results>/{scenario}scores/{run}/test.npz",
        hand="<results>/{scenario}scores/{run}/hand.npz",
    log:
        "<logs>/{scenario}predict_scores/{run}.log",
    benchmark:
        "<benchmarks>/{scenario}predict_scores/{run}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 4 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(8000),
        runtime=limit(30),
    params:
        window_hu=lesanet_window,
        batch_size=config_provider("evaluation", "batch_size"),
        device=config["device"],
    script:
        "../../scripts/predict_scores.py"


rule compute_metrics:
    """Thresholds of one run, and its metrics with intervals over patients."""
    input:
        val=in_scenario("<results>/{scenario}scores/{run}/val.npz"),
        test=in_scenario("<results>/{scenario}scores/{run}/test.npz"),
        hand=in_scenario("<results>/{scenario}scores/{run}/hand.npz"),
        val_labels=label_file("val.npz"),
        test_labels=label_file("test.npz"),
        hand_labels=label_file("hand.npz"),
        relations=label_file("relations.json"),
        dl_info=LABELED["dl_info"],
    output:
        thresholds="<results>/{scenario}thresholds/{run}.json",
        metrics="<results>/{scenario}metrics/{run}.json",
        per_label="<results>/{scenario}metrics/{run}.per_label.csv",
        bootstrap="<results>/{scenario}metrics/{run}.bootstrap.npz",
    log:
        "<logs>/{scenario}compute_metrics/{run}.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=limit(30),
    params:
        threshold_grid=config_provider("evaluation", "threshold_grid"),
        bootstrap_samples=config_provider("evaluation", "bootstrap_samples"),
        seed=lambda w: config_of(w)["seeds"][0],
    script:
        "../../scripts/compute_metrics.py"
