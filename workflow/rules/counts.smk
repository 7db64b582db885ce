# What the numbers rest on: what the splits share, and the paper's counts beside ours.
SPLITS = ["train", "val", "test", "hand"]


rule count_overlap:
    """Lesions, key slices and patients that each pair of splits and test sets shares."""
    input:
        dl_info=LABELED["dl_info"],
        labels=expand("<data>/labels/{split}.npz", split=SPLITS),
        lesion_labels=expand("<data>/lesion_labels/{split}.npz", split=SPLITS),
    output:
        csv="<results>/overlap.csv",
    log:
        "<logs>/count_overlap.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
    script:
        "../../scripts/count_overlap.py"


rule compare_counts:
    """The counts that the paper's text states, beside this run's."""
    input:
        paper=in_checkout("config/paper_counts.csv"),
        label_counts="<results>/label_counts.csv",
        lesion_label_counts="<results>/lesion_label_counts.csv",
        dl_info=LABELED["dl_info"],
        hand=LABELED["hand"],
        indices=expand("<data>/labeled/{split}.csv", split=SPLITS),
        tables=expand("<data>/unlabeled/{batch}.series.csv", batch=BATCHES),
        rounds="<results>/pseudo_labels.csv",
        table1="<results>/table1.csv",
    output:
        csv="<results>/counts_vs_paper.csv",
    log:
        "<logs>/compare_counts.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        training=config["training"],
        student=config["student"],
        pseudo_labels=config["pseudo_labels"],
    script:
        "../../scripts/compare_counts.py"
