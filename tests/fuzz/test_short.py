"""A short part of `make fuzz`: damaged files of every kind, the same ones every time."""

import pytest

from tests.fuzz.run import BAD, fuzz
from tests.fuzz.subjects import SUBJECTS

COUNT = 60
# Seeds and numbers that once ended in something else than a right value or a refusal.
FOUND = {
    "csv": [(3, 225)],
    "dicom-JPEG": [(7, 1093)],
    "dicom-native": [(1, 29), (7, 5932)],
    "dicom-rle": [(1, 108), (7, 2087), (7, 2314)],
    "npz": [(3, 8), (3, 39)],
    "xlsx": [(3, 126), (3, 271)],
    "zip": [(3, 6), (3, 78)],
}


@pytest.mark.parametrize("kind", SUBJECTS)
def test_damage_is_refused_or_read_rightly(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = fuzz(kind, COUNT, seed=20, keep=None)
    assert not any(found[verdict] for verdict in BAD), capsys.readouterr().out
    assert found["refused"] > COUNT / 4


@pytest.mark.parametrize(
    ("kind", "seed", "number"),
    [(kind, seed, number) for kind, cases in FOUND.items() for seed, number in cases],
)
def test_what_was_found_once_is_mended(
    kind: str, seed: int, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = fuzz(kind, 1, seed, None, first=number)
    assert sum(found.values()) == 1
    assert not any(found[verdict] for verdict in BAD), capsys.readouterr().out
