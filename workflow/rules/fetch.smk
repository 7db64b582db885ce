# Raw data: drawn, or linked from a folder of the user's. Only these rules know the source.


rule draw_phantom_lesions:
    """A DeepLesion folder of drawn patients, in the original's layout."""
    output:
        dl_info="<data>/phantom/deeplesion/DL_info.csv",
        images=directory("<data>/phantom/deeplesion/Images_png"),
        text_mined="<data>/phantom/deeplesion/text_mined_labels.json",
        hand="<data>/phantom/deeplesion/hand_labeled_test_set.json",
        ontology="<data>/phantom/deeplesion/lesion_ontology.xlsx",
    log:
        "<logs>/draw_phantom_lesions.log",
    benchmark:
        "<benchmarks>/draw_phantom_lesions.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 2
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        phantom=config.get("phantom"),
        code=code_digest("scripts/draw_phantom_lesions.py"),
    script:
        "../../scripts/draw_phantom_lesions.py"


rule draw_phantom_series:
    """One batch of drawn CT series as DICOM."""
    output:
        series=directory("<data>/phantom/series/{batch}"),
        receipt="<data>/phantom/receipts/{batch}.csv",
    log:
        "<logs>/draw_phantom_series/{batch}.log",
    benchmark:
        "<benchmarks>/draw_phantom_series/{batch}.tsv"
    conda:
        "../../envs/maknet.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        numbers=lambda w: BATCHES[w.batch],
        phantom=config.get("phantom"),
        code=code_digest("scripts/draw_phantom_series.py"),
    script:
        "../../scripts/draw_phantom_series.py"


rule link_series:
    """One batch of the user's own CT series: links, and a receipt with the digest of every file."""
    output:
        series=directory("<data>/linked/series/{batch}"),
        receipt="<data>/linked/receipts/{batch}.csv",
    log:
        "<logs>/link_series/{batch}.log",
    conda:
        "../../envs/maknet.yaml"
    resources:
        mem_mb=500,
        runtime=60,
    params:
        root=config["unlabeled"].get("folder"),
        folders=lambda w: BATCHES[w.batch],
        code=code_digest("scripts/link_series.py"),
    script:
        "../../scripts/link_series.py"
