# From raw data to what networks read: label tables and uint8 images.
FETCHED = {
    "phantom": "<data>/phantom",
    "folder": "<data>/linked",
    "tcia": "<data>/tcia",
}[config["unlabeled"]["source"]]


rule build_labels:
    """The label tables of all splits, and the relations among labels.

    `labels` are the paper's, `lesion_labels` those that LesaNet learns.
    """
    input:
        dl_info=LABELED["dl_info"],
        text_mined=LABELED["text_mined"],
        hand=LABELED["hand"],
        ontology=LABELED["ontology"],
    output:
        train="<data>/{scenario}{kind}s/train.npz",
        val="<data>/{scenario}{kind}s/val.npz",
        test="<data>/{scenario}{kind}s/test.npz",
        hand="<data>/{scenario}{kind}s/hand.npz",
        relations="<data>/{scenario}{kind}s/relations.json",
        counts="<results>/{scenario}{kind}_counts.csv",
    log:
        "<logs>/{scenario}build_labels/{kind}s.log",
    wildcard_constraints:
        kind="label|lesion_label",
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=limit(10),
    params:
        classes=lambda w: config_of(w)["labeled" if w.kind == "label" else "lesanet"][
            "classes"
        ],
        # The paper's numbers, for the paper's labels and data.
        expect_counts=lambda w: (
            config_of(w)["labeled"]["expect_counts"]
            if w.kind == "label" and config["dataset"] == "deeplesion"
            else None
        ),
        shared_patients=lambda w: shared_patients(config_of(w)),
    script:
        "../../scripts/build_labels.py"


rule prepare_lesions:
    """The images of one labeled split, one a lesion."""
    input:
        dl_info=LABELED["dl_info"],
        images=LABELED["images"],
        labels=in_scenario("<data>/{scenario}labels/{split}.npz"),
    output:
        shard="<data>/{scenario}labeled/{split}.npy",
        fingerprints="<data>/{scenario}labeled/{split}.fingerprints.npz",
        index="<data>/{scenario}labeled/{split}.csv",
        unreadable="<data>/{scenario}labeled/{split}.unreadable.csv",
    log:
        "<logs>/{scenario}prepare_lesions/{split}.log",
    benchmark:
        "<benchmarks>/{scenario}prepare_lesions/{split}.tsv"
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=limit(120),
    params:
        image=config_provider("image"),
        max_unreadable=config_provider("labeled", "max_unreadable"),
    script:
        "../../scripts/prepare_lesions.py"


rule prepare_patches:
    """The patches around the lesions of one split, LesaNet's input."""
    input:
        dl_info=LABELED["dl_info"],
        images=LABELED["images"],
        labels=in_scenario("<data>/{scenario}lesion_labels/{split}.npz"),
    output:
        shard="<data>/{scenario}patches/{split}.npy",
        index="<data>/{scenario}patches/{split}.csv",
        unreadable="<data>/{scenario}patches/{split}.unreadable.csv",
    log:
        "<logs>/{scenario}prepare_patches/{split}.log",
    benchmark:
        "<benchmarks>/{scenario}prepare_patches/{split}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=limit(120),
    params:
        patch=config_provider("lesanet", "input"),
        max_unreadable=config_provider("labeled", "max_unreadable"),
    script:
        "../../scripts/prepare_patches.py"


rule prepare_series:
    """One batch of CT series: slices filtered, windowed, cropped, resized, stacked in threes."""
    input:
        folder=f"{FETCHED}/series/{{batch}}",
        receipt=f"{FETCHED}/receipts/{{batch}}.csv",
    output:
        shard="<data>/{scenario}unlabeled/{batch}.npy",
        fingerprints="<data>/{scenario}unlabeled/{batch}.fingerprints.npz",
        index="<data>/{scenario}unlabeled/{batch}.csv",
        table="<data>/{scenario}unlabeled/{batch}.series.csv",
        thumbnails="<data>/{scenario}unlabeled/{batch}.thumbnails.npz",
    log:
        "<logs>/{scenario}prepare_series/{batch}.log",
    benchmark:
        "<benchmarks>/{scenario}prepare_series/{batch}.tsv"
    # Before the next fetch: a fetched batch lies on the disk until it is prepared.
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=limit(60),
    params:
        image=config_provider("image"),
        rules=config_provider("series"),
    script:
        "../../scripts/prepare_series.py"


rule summarize_series:
    """What became of every unlabeled series: the refused ones with their reasons, and the counts."""
    input:
        tables=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
    output:
        rejected="<results>/rejected.csv",
        funnel="<results>/series_funnel.csv",
    log:
        "<logs>/summarize_series.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    script:
        "../../scripts/summarize_series.py"


rule draw_contact_sheet:
    """Pictures of a sample of the accepted and of the refused series."""
    input:
        tables=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
        thumbnails=expand("<data>/unlabeled/{batch}.thumbnails.npz", batch=BATCHES),
    output:
        target=report(
            "<results>/contact_sheet.png",
            caption="../report/contact_sheet.rst",
            category="2 Dataset",
            labels={
                "result": "Contact sheet",
                "shows": "A sample of the accepted and refused series",
                "form": "figure",
            },
        ),
    log:
        "<logs>/draw_contact_sheet.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=UNLABELED_NAME,
        per_status=24,
        seed=config["seeds"][0],
    script:
        "../../scripts/draw_contact_sheet.py"
