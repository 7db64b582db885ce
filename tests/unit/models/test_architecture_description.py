from maknet.models.architecture import describe_architecture
from maknet.models.build import build_network, count_parameters


def test_the_description_is_the_networks() -> None:
    network = build_network("maknet", 115)
    described = describe_architecture(network, 256)  # type: ignore[arg-type]
    parts = described["parts"]
    assert described["parameters"] == 4_503_511 == sum(part["parameters"] for part in parts)
    assert [part["kind"] for part in parts] == [
        "stem", *["pool", "block"] * 4, "global_pool", "classifier", "propagation",
    ]  # fmt: skip
    blocks = [part for part in parts if part["kind"] == "block"]
    assert [block["layers"] for block in blocks] == [3, 6, 6, 6]
    assert [block["growth"] for block in blocks] == [40] * 4
    assert [block["output"] for block in blocks] == [
        [64, 64, 64], [128, 32, 32], [256, 16, 16], [512, 8, 8],
    ]  # fmt: skip
    assert parts[-1]["output"] == [115]
    assert network.training


def test_without_propagation_there_is_no_such_part() -> None:
    network = build_network("maknet", 7, width=0.25, score_propagation=False)
    described = describe_architecture(network, 64)  # type: ignore[arg-type]
    assert described["parts"][-1]["kind"] == "classifier"
    assert described["parameters"] == count_parameters(network)
