"""MAKNet: densely connected mixed asymmetric kernels (paper section 3, figure 1).

The paper gives the parts and the number of parameters, 4.50 million, but neither widths nor depths,
and no code was published. This layout is a reconstruction that meets every statement of the text
and the printed count; `REPRODUCTION.md` lists what is chosen. B images, H rows, W columns and L
labels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from maknet.models.layers import CBAM, GlobalConcatPool2d, LabelHead, MAKConv2d, MixPool2d


class DenseBlock(nn.Module):
    """Densely connected MAKConv layers, a closing convolution, and CBAM.

    Args:
        in_channels: Number of input channels.
        out_channels: Number of output channels.
        layers: Number of MAKConv layers, three or six in the paper.
        growth: Channels that each MAKConv layer adds.
        kernel_size: Kernel side k of the MAKConv layers.
        closing_kernel: Kernel side of the closing convolution.
        reduction: Reduction factor of the channel attention.

    Shape:
        (B, in_channels, H, W) to (B, out_channels, H, W).
    """

    def __init__(
        self, in_channels: int, out_channels: int, layers: int, growth: int,
        kernel_size: int = 3, closing_kernel: int = 3, reduction: int = 16,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = nn.ModuleList(
            _normalized(MAKConv2d(in_channels + i * growth, growth, kernel_size), growth)
            for i in range(layers)
        )
        dense = in_channels + layers * growth
        closing = nn.Conv2d(dense, out_channels, closing_kernel, padding="same", bias=False)
        self.closing = _normalized(closing, out_channels)
        self.attention = CBAM(out_channels, reduction)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        attended: Tensor = self.attention(self.closing(x))
        return attended


class MAKNet(nn.Module):
    """The network of the paper.

    Args:
        num_labels: Number of labels, L.
        stem_channels: Output channels of the stem, a 3 x 3 convolution of stride 2 by default.
        stem_kernel: Kernel side of the stem.
        widths: Output channels of the dense blocks; a MixPool precedes each.
        layers: Number of MAKConv layers of each block.
        growth: Channels that each MAKConv layer adds.
        kernel_size: Kernel side k of the MAKConv layers.
        closing_kernel: Kernel side of the convolution that closes a block.
        reduction: Reduction factor of the channel attention.
        dropout: Dropout probability before the classifier (section 4.2).
        score_propagation: Whether the head has score propagation.
        width: Multiplier of all channels, with the same topology; 1 is the paper's size.

    Shape:
        (B, 3, H, W) in [0, 1] to two times (B, L) logits, see `LabelHead`.

    Raises:
        ValueError: `widths` and `layers` differ in length.
    """

    def __init__(
        self, num_labels: int, *, stem_channels: int = 32, stem_kernel: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512), layers: Sequence[int] = (3, 6, 6, 6),
        growth: int = 40, kernel_size: int = 3, closing_kernel: int = 3, reduction: int = 16,
        dropout: float = 0.5, score_propagation: bool = True, width: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if len(widths) != len(layers):
            raise ValueError(f"{len(widths)} widths for {len(layers)} blocks")
        channels = scaled_channels(stem_channels, width)
        stem = nn.Conv2d(3, channels, stem_kernel, stride=2, padding=stem_kernel // 2, bias=False)
        self.stem = _normalized(stem, channels)
        self.blocks = nn.Sequential()
        for out_channels, count in zip(widths, layers, strict=True):
            out_channels = scaled_channels(out_channels, width)
            self.blocks.append(MixPool2d())
            added = scaled_channels(growth, width)
            block = DenseBlock(
                channels, out_channels, count, added, kernel_size, closing_kernel, reduction
            )
            self.blocks.append(block)
            channels = out_channels
        self.pool = GlobalConcatPool2d()
        self.head = LabelHead(2 * channels, num_labels, dropout, score_propagation)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits before and after score propagation, (B, L) each."""
        logits: tuple[Tensor, Tensor] = self.head(self.pool(self.blocks(self.stem(images))))
        return logits


def scaled_channels(channels: int, width: float) -> int:
    """Return `channels` times `width`, rounded to a multiple of 4 and at least 4."""
    return max(4, round(channels * width / 4) * 4)


def _normalized(convolution: nn.Module, channels: int) -> nn.Sequential:
    """Follow a convolution by batch normalization and Mish (paper section 3)."""
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.Mish(inplace=True))
