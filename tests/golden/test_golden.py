from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from maknet.data.labels.label_table import load_labels
from maknet.data.labels.ontology import load_ontology, load_terms
from maknet.files import read_json
from maknet.models.build import build_network

Golden = Callable[..., None]
TEXT_MINED = "text_mined_labels_171_and_split.json"
HAND = "hand_labeled_test_set.json"
ONTOLOGY = "lesion_ontology_181022.xlsx"


@pytest.mark.parametrize("name", ["maknet", "vgg16", "resnet18"])
def test_logits(name: str, golden: Golden) -> None:
    """Logits of seeded weights on a seeded image: any change of a layer or its start shows."""
    torch.manual_seed(1)
    network = build_network(name, 6, width=0.125).eval()
    image = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    golden(network(image)[1].flatten().tolist(), rel=1e-3)


def test_phantom_statistics(phantom_lesions: Path, golden: Golden) -> None:
    tables = load_labels(
        phantom_lesions / "text_mined_labels.json", phantom_lesions / "hand_labeled_test_set.json",
        phantom_lesions / "lesion_ontology.xlsx", phantom_lesions / "DL_info.csv",
    )  # fmt: skip
    golden({split: int(table.positive.sum()) for split, table in tables.items()})


@pytest.mark.real
def test_published_terms(real_data: Path) -> None:
    labels = real_data / "labels"
    names = read_json(labels / TEXT_MINED)["term_list"]
    terms = load_terms(labels / ONTOLOGY)
    assert Counter(terms[n].category for n in names) == {
        "bodypart": 115, "type": 27, "attribute": 29,
    }  # fmt: skip


@pytest.mark.real
def test_published_counts(real_data: Path) -> None:
    """Section 2 of the paper: 17,697 / 1,686 / 1,638 / 490 after the noisy flag drops 8 and 2."""
    labels = real_data / "labels"
    files = (labels / TEXT_MINED, labels / HAND, labels / ONTOLOGY)
    parts = load_labels(*files)
    assert {k: len(v) for k, v in parts.items()} == {
        "train": 17705, "val": 1686, "test": 1640, "hand": 490,
    }  # fmt: skip
    assert {k: int((~v.known).sum()) for k, v in parts.items() if k != "train"} == {
        "val": 26, "test": 52, "hand": 0,
    }  # fmt: skip
    hand = parts["hand"].positive.sum(0)
    assert ((hand > 0) & (hand < 490)).sum() == 103
    everything = load_labels(*files, classes=("bodypart", "type", "attribute"))
    assert [len(v) for v in everything.values()] == [19221, 1852, 1761, 500]
    noisy = {24897, 28110}  # the two rows of the test split that DL_info.csv flags
    assert len(set(everything["test"].lesion_index.tolist()) - noisy) == 1759


@pytest.mark.real
def test_published_exclusions(real_data: Path) -> None:
    labels = real_data / "labels"
    names = read_json(labels / TEXT_MINED)["term_list"]
    terms = load_terms(labels / ONTOLOGY)
    ontology = load_ontology(labels / ONTOLOGY, names)
    parts = [i for i, n in enumerate(names) if terms[n].category == "bodypart"]
    assert np.triu(ontology.exclusive).sum() == 4460
    assert np.triu(ontology.exclusive[np.ix_(parts, parts)]).sum() == 3961
    alone = load_ontology(labels / ONTOLOGY, [names[i] for i in parts])
    assert np.triu(alone.exclusive).sum() == 3961


@pytest.mark.real
def test_the_noisy_flag_drops_rows_by_number(real_data: Path, tmp_path: Path) -> None:
    """With a table that flags the two known test lesions the paper's 1,638 remain."""
    labels = real_data / "labels"
    rows = ["Possibly_noisy", *["0"] * 32735]
    for known_noisy in (24897, 28110):
        rows[known_noisy + 1] = "1"
    (tmp_path / "DL_info.csv").write_text("\n".join(rows) + "\n")
    files = (labels / TEXT_MINED, labels / HAND, labels / ONTOLOGY)
    tables = load_labels(*files, dl_info=tmp_path / "DL_info.csv")
    assert len(tables["test"]) == 1638
    assert len(tables["train"]) == 17705
