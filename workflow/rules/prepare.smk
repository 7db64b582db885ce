# From raw data to what networks read: label tables and uint8 images.
FETCHED = {
    "phantom": "<data>/phantom",
    "folder": "<data>/linked",
    "tcia": "<data>/tcia",
}[config["unlabeled"]["source"]]


rule build_labels:
    """The label tables of all splits, and the relations among labels."""
    input:
        dl_info=LABELED["dl_info"],
        text_mined=LABELED["text_mined"],
        hand=LABELED["hand"],
        ontology=LABELED["ontology"],
    output:
        train="<data>/labels/train.npz",
        val="<data>/labels/val.npz",
        test="<data>/labels/test.npz",
        hand="<data>/labels/hand.npz",
        relations="<data>/labels/relations.json",
        counts="<results>/label_counts.csv",
    log:
        "<logs>/build_labels.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(10),
    params:
        classes=config["labeled"]["classes"],
        code=code_digest("scripts/build_labels.py"),
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
        code=code_digest("scripts/prepare_lesions.py"),
    script:
        "../../scripts/prepare_lesions.py"


rule prepare_series:
    """One batch of CT series: slices filtered, windowed, cropped, resized, stacked in threes."""
    input:
        series=f"{FETCHED}/series/{{batch}}",
        receipt=f"{FETCHED}/receipts/{{batch}}.csv",
    output:
        shard="<data>/unlabeled/{batch}.npy",
        index="<data>/unlabeled/{batch}.csv",
        series="<data>/unlabeled/{batch}.series.csv",
        previews="<data>/unlabeled/{batch}.previews.npz",
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
        code=code_digest("scripts/prepare_series.py"),
    script:
        "../../scripts/prepare_series.py"


rule summarize_series:
    """What became of every unlabeled series: the refused ones with their reasons, and the counts."""
    input:
        series=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
    output:
        rejected="<results>/rejected.csv",
        funnel="<results>/series_funnel.csv",
    log:
        "<logs>/summarize_series.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        code=code_digest("scripts/summarize_series.py"),
    script:
        "../../scripts/summarize_series.py"


rule contact_sheet:
    """Pictures of a sample of the accepted and of the refused series."""
    input:
        tables=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
        previews=expand("<data>/unlabeled/{batch}.previews.npz", batch=BATCHES),
    output:
        sheet=report(
            "<results>/contact_sheet.png",
            caption="../report/contact_sheet.rst",
            category="2 Dataset",
        ),
    log:
        "<logs>/contact_sheet.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=UNLABELED_NAME,
        per_status=24,
        seed=config["seeds"][0],
        code=code_digest("scripts/draw_contact_sheet.py"),
    script:
        "../../scripts/draw_contact_sheet.py"
