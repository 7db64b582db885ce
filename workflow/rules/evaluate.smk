# From weights to metrics: scores on every split, thresholds from validation, metrics on both tests.
EVALUATED = ["val", "test", "hand"]


rule predict_scores:
    """Probabilities of one run on validation and both test sets."""
    input:
        weights="<results>/runs/{run}/model.safetensors",
        network="<results>/runs/{run}/network.json",
        shards=lambda w: [f"<data>/{image_folder(w)}/{s}.npy" for s in EVALUATED],
        indices=lambda w: [f"<data>/{image_folder(w)}/{s}.csv" for s in EVALUATED],
    output:
        val="<results>/scores/{run}/val.npz",
        test="<results>/scores/{run}/test.npz",
        hand="<results>/scores/{run}/hand.npz",
    log:
        "<logs>/predict_scores/{run}.log",
    benchmark:
        "<benchmarks>/predict_scores/{run}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 4 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(8000),
        runtime=limit(30),
    params:
        window_hu=lambda w: LESANET["input"]["window_hu"] if is_lesanet(w) else None,
        batch_size=config["evaluation"]["batch_size"],
        device=config["device"],
    script:
        "../../scripts/predict_scores.py"


rule compute_metrics:
    """Thresholds of one run, and its metrics with intervals over patients."""
    input:
        val="<results>/scores/{run}/val.npz",
        test="<results>/scores/{run}/test.npz",
        hand="<results>/scores/{run}/hand.npz",
        val_labels=lambda w: f"<data>/{label_folder(w)}/val.npz",
        test_labels=lambda w: f"<data>/{label_folder(w)}/test.npz",
        hand_labels=lambda w: f"<data>/{label_folder(w)}/hand.npz",
        relations=lambda w: f"<data>/{label_folder(w)}/relations.json",
        dl_info=LABELED["dl_info"],
    output:
        thresholds="<results>/thresholds/{run}.json",
        metrics="<results>/metrics/{run}.json",
        per_label="<results>/metrics/{run}.per_label.csv",
        bootstrap="<results>/metrics/{run}.bootstrap.npz",
    log:
        "<logs>/compute_metrics/{run}.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        threshold_grid=config["evaluation"]["threshold_grid"],
        bootstrap_samples=config["evaluation"]["bootstrap_samples"],
        seed=config["seeds"][0],
    script:
        "../../scripts/compute_metrics.py"
