"""LesaNet: VGG16 with features of a lesion at five depths (arXiv 1904.04661, section 3).

Layout of the released code: 13 convolutions with batch normalization and four poolings; after the
last convolution of each block a 5 x 5 RoI max pooling, on the lesion's box in the first three
blocks and on the whole patch in the last two. B patches, P their side in pixels, C channels, H rows
and W columns of a feature map, E the width of the embedding, L labels.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maknet.models.layers import ScorePropagation
from maknet.models.maknet import scaled_channels

_POOLED = 5
_BOX_BLOCKS = 3  # in these the lesion's box is pooled, in later ones the whole patch


_MEAN_GRAY = 50.0  # subtracted from windowed values in [0, 255]


def patch_input(patches: Tensor, window_hu: tuple[float, float], device: torch.device) -> Tensor:
    """Move patches to the device as LesaNet's input.

    The window becomes [0, 255], the released code's mean gray value is subtracted, and the result
    divided by 255.

    Args:
        patches: (B, 3, P, P) int16 HU.
        window_hu: Lower and upper end of the HU window.
        device: Device to move to.

    Returns:
        (B, 3, P, P) float32, about -0.196 to 0.804.
    """
    low, high = window_hu
    gray = (patches.to(device, non_blocking=True).float() - low) * (255 / (high - low))
    return ((gray - _MEAN_GRAY) / 255).contiguous(memory_format=torch.channels_last)


class LesaNetOutput(NamedTuple):
    """Outputs of LesaNet, which the four losses share.

    Attributes:
        logits: Logits of the classifier, (B, L).
        propagated: Logits after score propagation, (B, L); these are evaluated.
        embedding: Embedding of unit length, (B, E).
    """

    logits: Tensor
    propagated: Tensor
    embedding: Tensor


class LesaNet(nn.Module):
    """The lesion annotation network.

    Args:
        num_labels: Number of labels, L.
        features: Width of each of the five feature layers.
        embedding: Width of the embedding, E.
        width: Multiplier of the convolutions' channels; 1 is the paper's size.

    Shape:
        Patches (B, 3, P, P), see `patch_input`, and boxes (B, 4) as x1, y1, x2, y2 in pixels of the
        patch, to a `LesaNetOutput`.
    """

    def __init__(
        self, num_labels: int, *, features: int = 256, embedding: int = 256, width: float = 1.0
    ) -> None:
        super().__init__()
        # Here, not above: it takes a second to import, and what scores other networks imports us.
        from torchvision.models.vgg import cfgs, make_layers

        plan = [n if isinstance(n, str) else scaled_channels(n, width) for n in cfgs["D"]]
        self.backbone = make_layers(plan[:-1], batch_norm=True)  # the last pooling is not used
        self._ends = _block_ends(self.backbone)
        channels = [n for n, after in pairwise(plan) if after == "M"]
        self.fully_connected = nn.ModuleList(
            nn.Linear(int(n) * _POOLED**2, features) for n in channels
        )
        self.embedding = nn.Linear(5 * features, embedding)
        self.classifier = nn.Linear(5 * features, num_labels)
        self.propagation = ScorePropagation(num_labels)

    def forward(self, patches: Tensor, boxes: Tensor) -> LesaNetOutput:
        """Return both sets of logits and the embedding."""
        features = torch.cat(self._features(patches, boxes), 1)
        logits = self.classifier(features)
        embedding = F.normalize(self.embedding(features), dim=1)
        return LesaNetOutput(logits, self.propagation(logits), embedding)

    def _features(self, patches: Tensor, boxes: Tensor) -> list[Tensor]:
        side = float(patches.shape[-1])
        whole = boxes.new_tensor([0, 0, side - 1, side - 1]).expand(patches.shape[0], 4)
        features = []
        x = patches
        for position, layer in enumerate(self.backbone):
            x = layer(x)
            if position not in self._ends:
                continue
            block = self._ends.index(position)
            regions = boxes if block < _BOX_BLOCKS else whole
            pooled = _pool_regions(x, regions, 0.5**block)
            features.append(self.fully_connected[block](pooled.flatten(1)))
        return features


def _pool_regions(features: Tensor, regions: Tensor, scale: float) -> Tensor:
    """Return the RoI max pooling (B, C, 5, 5) of one region per image.

    torchvision finds the largest pixel of each bin; its own backward adds up in an order that
    changes from run to run on a GPU, where it is refused, so that the gradient goes through a
    gather. An empty bin is 0.

    Under autocast the feature map is bfloat16, for which torchvision has no kernel. Here all is
    float32: a bin's largest value stays what it is, since float32 holds every bfloat16; boxes keep
    their place, which bfloat16 rounds to half pixels; and gradients of bins that share a pixel are
    added before they are rounded.

    Args:
        features: Feature map, (B, C, H, W).
        regions: x1, y1, x2, y2 in pixels of the patch, (B, 4).
        scale: Feature map pixels per patch pixel.
    """
    if torch.compiler.is_exporting():
        return _pool_by_masks(features.float(), regions.float(), scale)
    numbers = torch.arange(len(regions), device=regions.device)
    numbered = torch.cat([numbers[:, None], regions], 1).float()
    features = features.float()
    with torch.no_grad():
        _, place = torch.ops.torchvision.roi_pool(features, numbered, scale, _POOLED, _POOLED)
    place = place.long().flatten(2)
    values = features.flatten(2).gather(2, place.clamp(min=0))
    return values.masked_fill(place < 0, 0).view(*values.shape[:2], _POOLED, _POOLED)


def _pool_by_masks(features: Tensor, regions: Tensor, scale: float) -> Tensor:
    """Return what `_pool_regions` does, in operations that every format of networks has.

    Columns are reduced before rows, each bin a mask. For export alone: it is slower.
    """
    corners = regions * scale
    x1, y1, x2, y2 = (torch.sign(corners) * torch.floor(corners.abs() + 0.5)).unbind(1)
    columns = _bin_masks(x1, x2, features.shape[3])[:, None, None]
    rows = _bin_masks(y1, y2, features.shape[2])[:, None, :, :, None]
    by_column = features[:, :, :, None].masked_fill(~columns, -torch.inf).amax(4)
    pooled = by_column[:, :, None].masked_fill(~rows, -torch.inf).amax(3)
    return pooled.masked_fill(pooled == -torch.inf, 0)


def _bin_masks(first: Tensor, last: Tensor, size: int) -> Tensor:
    """Return which pixels each of the five bins holds, (B, 5, size), as torchvision counts them."""
    side = (last - first + 1).clamp(min=1)[:, None] / _POOLED
    numbers = torch.arange(_POOLED, device=first.device)[None]
    start = torch.floor(numbers * side) + first[:, None]
    end = torch.ceil((numbers + 1) * side) + first[:, None]
    pixels = torch.arange(size, device=first.device)
    return (pixels >= start[..., None]) & (pixels < end[..., None])


def _block_ends(backbone: nn.Sequential) -> list[int]:
    """Return the positions of the last ReLU before each pooling, and of the very last."""
    ends = [i - 1 for i, layer in enumerate(backbone) if isinstance(layer, nn.MaxPool2d)]
    return [*ends, len(backbone) - 1]
