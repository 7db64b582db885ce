"""Random numbers that belong to what draws them.

Nothing in the project reads the state of a global generator. Each draw comes from a generator keyed
by (seed, purpose, key...), so its value depends neither on what ran before nor on how many workers
or processes share the work.
"""

import hashlib

import numpy as np


def derived_seed(seed: int, purpose: str, *key: int | str) -> int:
    """Return a 63-bit seed that is a pure function of its arguments."""
    text = "/".join([str(seed), purpose, *map(str, key)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, purpose: str, *key: int | str) -> np.random.Generator:
    """Return the generator of one purpose, for example `generator(7, "order", epoch)`."""
    return np.random.default_rng(derived_seed(seed, purpose, *key))


def seed_torch(seed: int, purpose: str, *key: int | str) -> None:
    """Seed torch's own generators, which initialization and dropout draw from."""
    import torch

    torch.manual_seed(derived_seed(seed, purpose, *key))


def make_deterministic() -> None:
    """Forbid torch operations whose result changes from run to run."""
    import os

    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
