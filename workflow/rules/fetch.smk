# Raw data: drawn, linked from a folder of the user's, or fetched. Only these rules know the source.
# Fetched data are verified, so code that changes does not fetch 736 GB again. Raise this number when
# the rules would put other files in place.
FETCH_VERSION = 1


rule draw_phantom_lesions:
    """A DeepLesion folder of synthetic patients, in the original's layout."""
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
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        phantom=config.get("phantom"),
    script:
        "../../scripts/draw_phantom_lesions.py"


rule draw_phantom_series:
    """One batch of synthetic CT series as DICOM."""
    output:
        series=directory("<data>/phantom/series/{batch}"),
        receipt="<data>/phantom/receipts/{batch}.csv",
    log:
        "<logs>/draw_phantom_series/{batch}.log",
    benchmark:
        "<benchmarks>/draw_phantom_series/{batch}.tsv"
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        numbers=lambda w: BATCHES[w.batch],
        phantom=config.get("phantom"),
    script:
        "../../scripts/draw_phantom_series.py"


rule link_series:
    """One batch of the user's own CT series: links, and a receipt with the digest of every file."""
    input:
        folders=lambda w: [
            f"{config['unlabeled']['folder']}/{name}" for name in BATCHES[w.batch]
        ],
    output:
        series=directory("<data>/linked/series/{batch}"),
        receipt="<data>/linked/receipts/{batch}.csv",
    log:
        "<logs>/link_series/{batch}.log",
    priority: CRITICAL_PATH
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=limit(60),
    params:
        root=config["unlabeled"].get("folder"),
        names=lambda w: BATCHES[w.batch],
    script:
        "../../scripts/link_series.py"


rule select_series:
    """The shipped manifest chosen anew from the pinned index, with the funnel of its filters."""
    output:
        manifest="<results>/tcia/tcia_series.csv.xz",
        attribution="<results>/tcia/attribution.csv",
        funnel="<results>/tcia/selection_funnel.csv",
    log:
        "<logs>/select_series.log",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=limit(10),
    params:
        rules=config["tcia"]["selection"],
        batch_size=config["unlabeled"]["batch_size"],
    script:
        "../../scripts/select_series.py"


rule fetch_series:
    """One batch of TCIA series, verified file by file; the DICOM files are deleted once prepared."""
    output:
        series=temp(directory("<data>/tcia/series/{batch}")),
        receipt="<data>/tcia/receipts/{batch}.csv",
        refused="<data>/tcia/receipts/{batch}.refused.csv",
    log:
        "<logs>/fetch_series/{batch}.log",
    benchmark:
        "<benchmarks>/fetch_series/{batch}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        downloads=1,
        mem_mb=memory(5000 if config["tcia"]["route"] == "nbia" else 1000),
        runtime=limit(240),
    params:
        # A digest of the batch's own rows, so that an edit of the manifest reruns one batch.
        rows=lambda w: BATCHES[w.batch],
        # Time limits and retries are read from the configuration: they change no result.
        route=config["tcia"]["route"],
        max_failed=config["tcia"]["max_failed"],
        partial=f"{config['paths']['data']}/tcia/partial/{{batch}}",
        version=FETCH_VERSION,
    script:
        "../../scripts/fetch_series.py"


rule fetch_deeplesion_file:
    """DL_info.csv, the label files and the ontology, each accepted by its digest."""
    output:
        target="<data>/deeplesion/{file}",
    log:
        "<logs>/fetch_deeplesion_file/{file}.log",
    wildcard_constraints:
        file=r"[\w]+\.(csv|json|xlsx)",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=limit(30),
    params:
        partial=f"{config['paths']['data']}/deeplesion/partial/{{file}}",
        version=FETCH_VERSION,
    script:
        "../../scripts/fetch_deeplesion_file.py"


rule fetch_deeplesion_part:
    """The slices that labeled lesions need out of one of the 56 zips."""
    input:
        dl_info="<data>/deeplesion/DL_info.csv",
        text_mined="<data>/deeplesion/text_mined_labels_171_and_split.json",
        hand="<data>/deeplesion/hand_labeled_test_set.json",
    output:
        slices=directory("<data>/deeplesion/parts/{part}"),
        listing="<data>/deeplesion/parts/{part}.csv",
    log:
        "<logs>/fetch_deeplesion_part/{part}.log",
    benchmark:
        "<benchmarks>/fetch_deeplesion_part/{part}.tsv"
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        downloads=1,
        mem_mb=memory(1000),
        runtime=limit(120),
    params:
        reach_mm=config["deeplesion"]["reach_mm"],
        max_damaged=config["deeplesion"]["max_damaged"],
        partial=f"{config['paths']['data']}/deeplesion/partial/Images_png_{{part}}.zip",
        version=FETCH_VERSION,
    script:
        "../../scripts/fetch_deeplesion_part.py"


rule join_deeplesion:
    """One folder of series, joined from the parts."""
    input:
        parts=expand("<data>/deeplesion/parts/{part}", part=DEEPLESION_PARTS),
    output:
        images=directory("<data>/deeplesion/Images_png"),
    log:
        "<logs>/join_deeplesion.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    script:
        "../../scripts/join_deeplesion.py"


rule fetch_imagenet:
    """torchvision's ImageNet weights of a network, checked by their hash."""
    output:
        weights=directory("<data>/imagenet/{network}"),
    log:
        "<logs>/fetch_imagenet/{network}.log",
    wildcard_constraints:
        network="vgg16|resnet18",
    conda:
        "../../envs/maknet.yaml"
    threads: 1
    resources:
        downloads=1,
        mem_mb=memory(2000),
        runtime=limit(30),
    params:
        version=FETCH_VERSION,
    script:
        "../../scripts/fetch_imagenet.py"
