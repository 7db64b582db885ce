"""Train a small network for some steps and print the SHA-256 of its weights and of some scores.

Run as a program, since numerics are set before anything is imported: `... portable` or `native`.
"""

import hashlib
import os
import sys

from maknet.jobs.numerics import set_numerics


def main(mode: str) -> str:
    set_numerics(mode, os.environ)
    import numpy as np
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    from maknet.models.build import NetworkSpec
    from maknet.models.device import as_input, open_device
    from maknet.seeding import generator
    from maknet.training.optimizer import ranger

    device = open_device("cpu", 1)
    draws = generator(1, "images")
    images = torch.from_numpy(draws.integers(0, 256, (16, 3, 48, 48), dtype=np.uint8))
    labels = torch.from_numpy((draws.random((16, 20)) < 0.2).astype(np.float32))
    digest = hashlib.sha256()
    for arch in ("maknet", "vgg16", "resnet18"):
        network = NetworkSpec(arch, 20, {"width": 0.25}).build(1, arch).train()
        optimizer = ranger(network, 0.01)
        for _ in range(3):
            optimizer.zero_grad()
            logits = network(as_input(images, device))[0]
            binary_cross_entropy_with_logits(logits, labels).backward()
            optimizer.step()
        for value in network.state_dict().values():
            digest.update(value.contiguous().numpy().tobytes())
    scores = draws.random((500, 40))
    digest.update(np.exp(scores @ draws.random((40, 300))).sum(0).tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1]))
