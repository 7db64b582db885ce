"""Golden values: stored numbers with a tolerance.

`MAKNET_ACCEPT=1 make test` stores what the code gives now; review the difference before committing.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VALUES = Path(__file__).parent / "values"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that compares a JSON value with the stored one of this test."""

    def compare(value: Any, rel: float = 0.0) -> None:
        path = VALUES / f"{request.node.name.replace('[', '.').rstrip(']')}.json"
        if os.environ.get("MAKNET_ACCEPT") == "1":
            path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
        stored = json.loads(path.read_text())
        assert value == (pytest.approx(stored, rel=rel) if rel else stored)

    return compare
