"""The cells of the factors, and the pairs that differ in one of them."""

from itertools import product

from maknet.reporting.tables.factors import Cell, factor_pairs
from maknet.reporting.tables.transfer import transfer_pairs, transfer_titles

CELLS = [Cell(*cell) for cell in product(("noise", "clean"), ("student", "teacher"),
                                         ("none", "shuffled", "real"))]  # fmt: skip


def test_every_cell_has_a_title_of_its_own() -> None:
    assert len({cell.title for cell in CELLS}) == len(CELLS)
    assert Cell("noise", "student", "real").title == "pseudo-labels, noise"
    assert Cell("clean", "teacher", "none").title == "no pseudo-labels, no noise, teacher's epochs"


def test_pairs_differ_in_one_factor() -> None:
    by_title = {cell.title: cell for cell in CELLS}
    pairs = [(by_title[a], by_title[b]) for a, b in factor_pairs(CELLS)]
    assert len(pairs) == 3 * 4 + 6 + 6
    for first, second in pairs:
        differing = [
            name for name in ("noise", "length", "labels")
            if getattr(first, name) != getattr(second, name)
        ]  # fmt: skip
        assert len(differing) == 1
    assert (Cell("noise", "student", "real"), Cell("noise", "student", "shuffled")) in pairs
    assert (Cell("noise", "student", "none"), Cell("clean", "student", "none")) in pairs


def test_without_the_teachers_epochs_there_is_no_pair_of_them() -> None:
    student = [cell for cell in CELLS if cell.length == "student"]
    assert len(factor_pairs(student)) == 3 * 2 + 3
    assert not any("epochs" in title for pair in factor_pairs(student) for title in pair)


def test_a_transfer_is_named_by_what_its_vgg16_saw() -> None:
    runs = [f"lesanet_{start}" for start in ("tcia", "tcia_shuffled", "vgg16", "imagenet",
                                             "scratch_slow")]  # fmt: skip
    titles = transfer_titles(runs, "imagenet", "tcia")
    assert titles == [
        "VGG16 on TCIA, pseudo-labels", "VGG16 on TCIA, shuffled pseudo-labels",
        "VGG16 on the labeled images", "VGG16 on ImageNet", "random weights",
    ]  # fmt: skip
    assert transfer_pairs(titles)[0] == (titles[0], titles[1])
    assert "synthetic textures" in transfer_titles(runs, "textures", "phantom")[3]
