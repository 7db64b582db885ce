# Scans that are in two sets: no test image among the unlabeled ones, and no scan twice unseen.
MANIFEST = config["tcia"]["manifest"] if config["unlabeled"]["source"] == "tcia" else []


rule find_duplicates:
    """The scans that two sets share, and those that are twice among the unlabeled ones."""
    input:
        dl_info=LABELED["dl_info"],
        labeled=expand("<data>/labeled/{split}.npy", split=SPLITS),
        labeled_indices=expand("<data>/labeled/{split}.csv", split=SPLITS),
        labeled_fingerprints=expand(
            "<data>/labeled/{split}.fingerprints.npz", split=SPLITS
        ),
        shards=expand("<data>/unlabeled/{batch}.npy", batch=BATCHES),
        indices=expand("<data>/unlabeled/{batch}.csv", batch=BATCHES),
        fingerprints=expand("<data>/unlabeled/{batch}.fingerprints.npz", batch=BATCHES),
        tables=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
        manifest=MANIFEST,
    output:
        pairs="<results>/duplicates.csv",
        collections="<results>/duplicates_vs_collections.csv",
        pictures="<results>/duplicates.npz",
    log:
        "<logs>/find_duplicates.log",
    benchmark:
        "<benchmarks>/find_duplicates.tsv"
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    # A job of several cores waits until as many are free at once; for few images, one is enough.
    threads: 4 if UNLABELED_IMAGES > 10_000 else 1
    resources:
        mem_mb=memory(3500, 2000),
        runtime=limit(60, UNLABELED_IMAGES, 80),
    params:
        dataset=config["dataset"],
        unlabeled=UNLABELED_NAME,
        limits={
            k: v
            for k, v in config["duplicates"].items()
            if k not in ("leakage", "act_on")
        },
    script:
        "../../scripts/find_duplicates.py"


rule exclude_series:
    """The unlabeled images that no network sees: of evaluated patients, or of a scan seen twice."""
    input:
        pairs="<results>/duplicates.csv",
        indices=in_batches("<data>/{scenario}unlabeled/{batch}.csv"),
        tables=in_batches("<data>/{scenario}unlabeled/{batch}.series.csv"),
        manifest=MANIFEST,
    output:
        excluded="<data>/{scenario}excluded.csv",
    log:
        "<logs>/{scenario}exclude_series.log",
    priority: CRITICAL_PATH
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        leakage=config_provider("duplicates", "leakage"),
        act_on=config_provider("duplicates", "act_on"),
        duplicates=config_provider("unlabeled", "duplicates"),
    script:
        "../../scripts/exclude_series.py"


rule draw_duplicates:
    """Scans that were found twice, side by side."""
    input:
        pairs="<results>/duplicates.csv",
        pictures="<results>/duplicates.npz",
    output:
        target=report(
            "<results>/duplicates.png",
            caption="../report/duplicates.rst",
            category="Behind the tables",
            labels={
                "result": "Duplicates, side by side",
                "shows": "Slices of scans that were found twice, and their difference",
            },
        ),
    log:
        "<logs>/draw_duplicates.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
    script:
        "../../scripts/draw_duplicates.py"
