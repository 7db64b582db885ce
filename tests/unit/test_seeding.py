import numpy as np
import torch

from maknet.seeding import derived_seed, generator, seed_torch


def test_streams_depend_on_every_part_of_their_name() -> None:
    draws = {
        tuple(generator(*name).random(3))
        for name in ((1, "order", 0), (1, "order", 1), (1, "noise", 0), (2, "order", 0))
    }
    assert len(draws) == 4


def test_the_same_name_draws_the_same() -> None:
    assert np.array_equal(generator(1, "a", 2).random(5), generator(1, "a", 2).random(5))
    assert derived_seed(1, "a", "b/c") >= 0


def test_torch_is_seeded_by_name() -> None:
    seed_torch(1, "dropout", 0)
    first = torch.rand(3)
    torch.rand(7)
    seed_torch(1, "dropout", 0)
    assert torch.equal(torch.rand(3), first)
