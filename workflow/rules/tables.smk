# The paper's tables. CSV is the result; Markdown and HTML are for reading.


rule table1:
    """Table 1: MAKNet beside VGG16 and ResNet18."""
    input:
        networks=expand(
            "<results>/runs/{run}/network.json", run=["vgg16", "resnet18", "maknet"]
        ),
        metrics=expand(
            "<results>/metrics/{run}.json", run=["vgg16", "resnet18", "maknet"]
        ),
    output:
        csv="<results>/table1.csv",
        markdown="<results>/table1.md",
        html=report(
            "<results>/table1.html",
            caption="../report/table1.rst",
            category="4.3 Multi-label classification",
        ),
    log:
        "<logs>/table1.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        code=code_digest("scripts/make_table1.py"),
    script:
        "../../scripts/make_table1.py"
