import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from maknet.data.labels.pseudo_labels import pseudo_label


def plain(scores: np.ndarray, exclusive: np.ndarray, top: int, threshold: float) -> np.ndarray:
    """The rule of the paper, image by image."""
    kept = np.zeros(scores.shape, bool)
    for row, values in enumerate(scores):
        ranked = sorted(range(len(values)), key=lambda label: (-values[label], label))[:top]
        taken: list[int] = []
        for label in ranked:
            if values[label] > threshold and not any(exclusive[label, t] for t in taken):
                taken.append(label)
        kept[row, taken] = True
    return kept


def draw(seed: int, labels: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    scores = np.round(generator.random((6, labels)), 1)  # ties are likely
    upper = np.triu(generator.random((labels, labels)) < 0.3, 1)
    return scores, upper | upper.T


@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(1, 20), st.floats(0.1, 0.9))
def test_it_equals_the_plain_rule(seed: int, labels: int, top: int, threshold: float) -> None:
    scores, exclusive = draw(seed, labels)
    kept = pseudo_label(scores, exclusive, top, threshold)
    assert np.array_equal(kept, plain(scores, exclusive, top, threshold))


@given(st.integers(0, 10**6), st.integers(1, 25))
def test_what_is_kept_is_confident_few_and_without_contradiction(seed: int, labels: int) -> None:
    scores, exclusive = draw(seed, labels)
    kept = pseudo_label(scores, exclusive)
    assert (kept.sum(1) <= 15).all()
    assert (scores[kept] > 0.5).all()
    assert not any((exclusive[np.ix_(row, row)]).any() for row in kept)
    confident = scores.max(1) > 0.5
    assert kept[np.arange(len(kept)), scores.argmax(1)][confident].all()


@given(st.integers(0, 10**6))
def test_images_do_not_influence_each_other(seed: int) -> None:
    scores, exclusive = draw(seed, 12)
    order = np.random.default_rng(seed).permutation(len(scores))
    kept = pseudo_label(scores, exclusive)
    assert np.array_equal(pseudo_label(scores[order], exclusive), kept[order])


def test_an_image_may_end_without_a_label() -> None:
    assert not pseudo_label(np.full((1, 3), 0.5), np.zeros((3, 3), bool)).any()
