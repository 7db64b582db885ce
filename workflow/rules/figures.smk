# Figures, of the paper and beside it.


rule curves:
    """Loss and validation metrics of all trainings by epoch, from their TensorBoard events."""
    input:
        histories=expand(
            "<results>/runs/{run}{seed}/history.csv",
            run=dict.fromkeys(
                [*TABLE1_RUNS, *TABLE2_RUNS, "vgg16_tcia", *TABLE3_RUNS]
            ),
            seed=SEEDS,
        ),
    output:
        plot=report(
            "<results>/curves.png",
            caption="../report/curves.rst",
            category="4.3 Multi-label classification",
        ),
    log:
        "<logs>/curves.log",
    localrule: True
    conda:
        "../../envs/maknet.yaml"
    params:
        dataset=config["dataset"],
        code=code_digest("scripts/draw_curves.py"),
    script:
        "../../scripts/draw_curves.py"
