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
