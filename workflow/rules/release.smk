# What is given to others: trained networks and pseudo-labels as folders that prove themselves, and
# labels for CT of the user's own.
RELEASED_RUNS = config["release"]["runs"] or [f"student{len(ROUNDS)}", "lesanet_tcia"]
RELEASED = [
    *expand("<results>/bundles/{run}", run=RELEASED_RUNS),
    f"<results>/bundles/pseudo_labels_round{len(ROUNDS) + 1}",
]


rule release_network:
    """A trained network that others' tools load: weights, code, ONNX, labels, a model card."""
    input:
        weights="<results>/runs/{run}/model.safetensors",
        network="<results>/runs/{run}/network.json",
        history="<results>/runs/{run}/history.csv",
        relations=label_file("relations.json"),
        thresholds="<results>/thresholds/{run}.json",
        metrics="<results>/metrics/{run}.json",
        per_label="<results>/metrics/{run}.per_label.csv",
        bootstrap="<results>/metrics/{run}.bootstrap.npz",
        licenses="<results>/data_and_licenses.csv",
        license_file=in_checkout("LICENSE"),
    output:
        bundle=directory("<results>/bundles/{run}"),
    log:
        "<logs>/release_network/{run}.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=limit(15),
    params:
        dataset=config["dataset"],
        unlabeled=config["unlabeled"]["source"],
        image=config["image"],
        series=config["series"],
        patch=config["lesanet"]["input"],
        confidence=config["evaluation"]["confidence"],
    script:
        "../../scripts/release_network.py"


rule release_pseudo_labels:
    """The pseudo-labels of a round, for others to use: Parquet, Croissant, a datasheet."""
    input:
        labels="<results>/pseudo/round{round}{seed}.npz",
        network=labeler_file("network.json"),
        indices=in_batches("<data>/{scenario}unlabeled/{batch}.csv"),
        licenses="<results>/data_and_licenses.csv",
        citation=in_checkout("CITATION.cff"),
    output:
        bundle=directory("<results>/bundles/pseudo_labels_round{round}{seed}"),
    log:
        "<logs>/release_pseudo_labels/round{round}{seed}.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
    script:
        "../../scripts/release_pseudo_labels.py"


rule release:
    """All that is given to others, with a statement of the results, signed with `release.key`."""
    input:
        results=[*AUDITED, "<results>/ro-crate-metadata.json"],
        bundles=RELEASED,
    output:
        release=directory("<results>/release"),
    log:
        "<logs>/release.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        key=config["release"]["key"],
    script:
        "../../scripts/release.py"


rule label_folder:
    """Which body parts the CT of a folder shows, by a released network (`label.folders`)."""
    input:
        weights=config["label"]["weights"] or f"<results>/bundles/student{len(ROUNDS)}",
    output:
        labeled=directory("<results>/labeled/{folder}"),
    log:
        "<logs>/label_folder/{folder}.log",
    wildcard_constraints:
        folder="|".join(map(re.escape, config["label"]["folders"])) or "none",
    conda:
        "../../envs/maknet.yaml"
    threads: 4 if ON_GPU else 1
    resources:
        gpu=ON_GPU,
        mem_mb=memory(4000),
        runtime=limit(240),
    params:
        # No input: digests of an input would hold the names of its files, and of patients with them.
        path=lambda w: config["label"]["folders"][w.folder],
        options=config["label"]["options"],
        device=config["device"],
    script:
        "../../scripts/label_folder.py"


rule label:
    """Labels for every folder of `label.folders`; it is not part of `all`."""
    input:
        labeled=expand("<results>/labeled/{folder}", folder=config["label"]["folders"]),


localrules:
    label,
