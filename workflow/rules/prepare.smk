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
        train="<data>/{kind}s/train.npz",
        val="<data>/{kind}s/val.npz",
        test="<data>/{kind}s/test.npz",
        hand="<data>/{kind}s/hand.npz",
        relations="<data>/{kind}s/relations.json",
        counts="<results>/{kind}_counts.csv",
    log:
        "<logs>/build_labels/{kind}s.log",
    wildcard_constraints:
        kind="label|lesion_label",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(10),
    params:
        classes=lambda w: config["labeled" if w.kind == "label" else "lesanet"][
            "classes"
        ],
        # The paper's numbers, for the paper's labels and data.
        expect_counts=lambda w: (
            config["labeled"]["expect_counts"]
            if w.kind == "label" and config["dataset"] == "deeplesion"
            else None
        ),
        shared_patients=shared_patients(config),
    script:
        "../../scripts/build_labels.py"


rule prepare_lesions:
    """The images of one labeled split, one a lesion."""
    input:
        dl_info=LABELED["dl_info"],
        images=LABELED["images"],
        labels="<data>/labels/{split}.npz",
    output:
        shard="<data>/labeled/{split}.npy",
        index="<data>/labeled/{split}.csv",
        unreadable="<data>/labeled/{split}.unreadable.csv",
    log:
        "<logs>/prepare_lesions/{split}.log",
    benchmark:
        "<benchmarks>/prepare_lesions/{split}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=limit(120),
    params:
        image=config["image"],
        max_unreadable=config["labeled"]["max_unreadable"],
    script:
        "../../scripts/prepare_lesions.py"


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
    script:
        "../../scripts/prepare_patches.py"


rule prepare_series:
    """One batch of CT series: slices filtered, windowed, cropped, resized, stacked in threes."""
    input:
        folder=f"{FETCHED}/series/{{batch}}",
        receipt=f"{FETCHED}/receipts/{{batch}}.csv",
    output:
        shard="<data>/unlabeled/{batch}.npy",
        index="<data>/unlabeled/{batch}.csv",
        table="<data>/unlabeled/{batch}.series.csv",
        thumbnails="<data>/unlabeled/{batch}.thumbnails.npz",
    log:
        "<logs>/prepare_series/{batch}.log",
    benchmark:
        "<benchmarks>/prepare_series/{batch}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=limit(60),
    params:
        image=config["image"],
        rules=config["series"],
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
