"""A short part of `make chaos`."""

from pathlib import Path

import pytest

from tests.chaos.run import chaos

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
CASES = 4


def test_killed_runs_end_with_the_bytes_of_an_undisturbed_one(copied: Path) -> None:
    said: list[str] = []
    found = chaos(copied, CASES, seed=7, say=said.append)
    assert found["same"] == CASES, said
