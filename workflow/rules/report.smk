import base64
import sys
import textwrap

# The report's first page shows the rule graph. Jobs have no use for it: it is a picture.
RULE_GRAPH = Path(config["paths"]["results"]) / "rule_graph.png"
if "--report" in sys.argv and RULE_GRAPH.is_file():
    # In lines: reStructuredText takes none of more than 10,000 characters.
    config["rule_graph"] = textwrap.fill(
        base64.b64encode(RULE_GRAPH.read_bytes()).decode(),
        1000,
        subsequent_indent="   ",
    )


# Pages of the report behind the tables and figures, each with its name and what it shows, and the results
# as one Markdown page.
PAGES = {
    "rejected": (
        "Refused series",
        "Every unlabeled series that was refused, with the reason (section 2).",
    ),
    "series_funnel": (
        "Series and images by step",
        "How many series and images each step left (section 2).",
    ),
    "duplicates": (
        "Scans found twice",
        "Scans that two sets share, and those that are twice among the unlabeled series (section 2); "
        "`distance` is that of their fingerprints, `correlation` that of their fine detail.",
    ),
    "duplicates_vs_collections": (
        "Scans found twice, by collection",
        "How many unlabeled series of each collection show a scan of a labeled split, or are there "
        "twice (section 2).",
    ),
    "counts_vs_paper": (
        "Counts of the paper",
        "The counts that the paper's text states (sections 2 and 4) beside this run's. The "
        "paper's are shown for DeepLesion only, with the numbers that its words are read as.",
    ),
    "overlap": (
        "What the splits share",
        "Lesions, key slices and patients that splits and test sets share. Hand-labeled lesions "
        "are partly drawn from the text-mined test set; all other pairs should share none "
        "(section 2).",
    ),
    "label_counts": (
        "Positives of each label",
        "Positives of each label in each split (section 2).",
    ),
    "lesion_label_counts": (
        "Positives of LesaNet's labels",
        "The same for all labels that LesaNet learns.",
    ),
    "table1_vs_paper": (
        "Table 1 beside the paper",
        "Table 1 beside the paper's numbers, which are shown for DeepLesion only.",
    ),
    "table2_vs_paper": (
        "Table 2 beside the paper",
        "Table 2 beside the paper's numbers, which are shown for DeepLesion only.",
    ),
    "table3_vs_paper": (
        "Table 3 beside the paper",
        "Table 3 beside the paper's numbers, which are shown for DeepLesion only.",
    ),
    "table1_difference": (
        "Table 1, paired differences",
        "MAKNet minus each baseline of Table 1, in pairs of patients and seeds.",
    ),
    "table2_difference": (
        "Table 2, paired differences",
        "Each student of Table 2 minus the teacher and minus the control, in pairs.",
    ),
    "table3_difference": (
        "Table 3, paired differences",
        "The transfers of table 3, in pairs of patients and seeds.",
    ),
    "pseudo_labels": (
        "Pseudo-labels by round",
        "The pseudo-labels of every round.",
    ),
    "per_label": (
        "Every label",
        "What every run scores on every label, means over seeds; `positives` are the test images "
        "with the label. An empty cell: the label, or the metric, is undefined there.",
    ),
    "data_and_licenses": (
        "Data and licenses",
        "Data and licenses: what this run used, and how to cite it in a paper.",
    ),
    "perturbations": (
        "Perturbations",
        "Confidence before and after each change, over the hand-labeled set.",
    ),
}
FIGURE_CAPTIONS = {
    "figure1.png": "Figure 1: the architecture of the network that was trained.",
    "figure2.png": "Figure 2: the noisy student with the numbers of this run.",
    "figure3.png": "Figure 3: integrated gradients of MAKNet and VGG16.",
    "figure4.png": "Figure 4: one image perturbed in three ways.",
    "deletion.png": "Deletion over the hand-labeled set, with random pixels as a control.",
    "pseudo_labels.png": "The pseudo-labels of every round.",
    "per_label.png": "The AUC of every label over the rounds.",
    "curves.png": "The course of all trainings.",
    "duplicates.png": "Scans that were found twice, side by side.",
    "contact_sheet.png": "A sample of the accepted and of the refused series.",
}


rule make_page:
    """One CSV as a page of the report."""
    input:
        csv="<results>/{page}.csv",
    output:
        html=report(
            "<results>/pages/{page}.html",
            caption="../report/page.rst",
            category="Behind the tables",
            labels=lambda w: dict(zip(("result", "shows"), PAGES[w.page])),
        ),
    log:
        "<logs>/make_page/{page}.log",
    wildcard_constraints:
        page="|".join(PAGES),
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        note=lambda w: PAGES[w.page][1],
    script:
        "../../scripts/make_page.py"


rule write_readme:
    """All tables and figures on one Markdown page."""
    input:
        tables=expand("<results>/table{number}.md", number=[1, 2, 3]),
        figures=expand("<results>/{figure}", figure=FIGURE_CAPTIONS),
        results=AUDITED,
    output:
        readme="<results>/README.md",
    log:
        "<logs>/write_readme.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        captions=FIGURE_CAPTIONS,
    script:
        "../../scripts/write_readme.py"
