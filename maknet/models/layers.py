"""The parts of MAKNet, each named as in the paper (section 3).

B images, C channels, H rows, W columns, L labels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MAKConv2d(nn.Module):
    """Mixed asymmetric kernels: k x k, 1 x k, k x 1 and 1 x 1, a quarter of the outputs each.

    Every kernel group sees all inputs, unlike MixConv (arXiv 1907.09595). The four kernels are
    zero-padded into one k x k kernel and run as one convolution: the same function with a quarter
    of the launches. `forward_by_group` is the literal form and its reference.

    Args:
        in_channels: Number of input channels.
        out_channels: Number of output channels, a multiple of 4.
        kernel_size: Side k of the largest kernel, odd.

    Shape:
        (B, in_channels, H, W) to (B, out_channels, H, W).

    Raises:
        ValueError: `out_channels` is not a multiple of 4, or `kernel_size` is even.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        if out_channels % 4:
            raise ValueError(f"out_channels is {out_channels}, not a multiple of 4")
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size}, not odd")
        self.kernel_size = kernel_size
        sizes = ((kernel_size, kernel_size), (1, kernel_size), (kernel_size, 1), (1, 1))
        self.groups = nn.ModuleList(
            nn.Conv2d(in_channels, out_channels // 4, size, padding="same", bias=False)
            for size in sizes
        )

    def forward(self, x: Tensor) -> Tensor:
        """Run the four groups as one convolution."""
        return F.conv2d(x, self.merged_weight(), padding=self.kernel_size // 2)

    def forward_by_group(self, x: Tensor) -> Tensor:
        """Run each group by itself and concatenate: what `forward` must equal."""
        return torch.cat([group(x) for group in self.groups], 1)

    def merged_weight(self) -> Tensor:
        """Return the four kernels zero-padded to k x k, (out_channels, in_channels, k, k)."""
        padded = []
        for group in self.groups:
            weight = group.weight
            assert isinstance(weight, Tensor)  # noqa: S101 - of a Conv2d
            rows, columns = ((self.kernel_size - n) // 2 for n in weight.shape[2:])
            padded.append(F.pad(weight, (columns, columns, rows, rows)))
        return torch.cat(padded)


class MixPool2d(nn.Module):
    """Sum of average and max pooling over 2 x 2, each divided by a learned gain.

    The gains start at 2, so that the layer starts as the mean of both. The paper says only that max
    and average pooling are combined; the form is that of the first author's later public code.

    Shape:
        (B, C, H, W) to (B, C, H // 2, W // 2).
    """

    def __init__(self) -> None:
        super().__init__()
        self.gains = nn.Parameter(torch.full((2,), 2.0))

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both poolings."""
        return F.avg_pool2d(x, 2) / self.gains[0] + F.max_pool2d(x, 2) / self.gains[1]


class GlobalConcatPool2d(nn.Module):
    """Global average and global max pooling, concatenated (paper reference 16).

    Shape:
        (B, C, H, W) to (B, 2 C), averages first.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return both poolings, as reductions: adaptive pools have no deterministic backward."""
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class ScorePropagation(nn.Linear):
    """Label relations learned on the logits (LesaNet, arXiv 1904.04661, section 3.3).

    Starts as the identity, so that it changes nothing before it has learned something.

    Shape:
        (B, L) logits to (B, L) logits.
    """

    def __init__(self, num_labels: int) -> None:
        super().__init__(num_labels, num_labels)

    def reset_parameters(self) -> None:
        """Start as the identity with zero bias."""
        with torch.no_grad():
            self.weight.copy_(torch.eye(self.out_features))
            self.bias.zero_()


class CBAM(nn.Module):
    """Convolutional block attention: channel attention, then spatial attention (arXiv 1807.06521).

    Args:
        channels: Number of input and of output channels.
        reduction: Factor by which the channel attention narrows.

    Shape:
        (B, C, H, W) to (B, C, H, W).
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, round(channels / reduction))
        self.channel_reduce = nn.Conv2d(channels, hidden, 1, bias=False)
        self.channel_expand = nn.Conv2d(hidden, channels, 1, bias=False)
        self.spatial_conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.spatial_norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply channel attention, then spatial attention."""
        average = self._channel_logits(x.mean((2, 3), keepdim=True))
        peak = self._channel_logits(x.amax((2, 3), keepdim=True))
        x = x * torch.sigmoid(average + peak)
        summary = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.spatial_norm(self.spatial_conv(summary)))

    def _channel_logits(self, pooled: Tensor) -> Tensor:
        logits: Tensor = self.channel_expand(F.relu(self.channel_reduce(pooled)))
        return logits


class LabelHead(nn.Module):
    """Dropout, a linear classifier and, if wanted, score propagation.

    Args:
        features: Number of input features.
        num_labels: Number of labels, L.
        dropout: Probability of dropping a feature.
        score_propagation: Whether a second set of logits is computed from the first.

    Shape:
        (B, features) to two times (B, L): the classifier's logits and the final logits, the same
        tensor without score propagation.
    """

    def __init__(
        self, features: int, num_labels: int, dropout: float, score_propagation: bool
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(features, num_labels)
        self.propagation = ScorePropagation(num_labels) if score_propagation else None

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits before and after score propagation, (B, L) each."""
        logits = self.classifier(self.dropout(features))
        return logits, logits if self.propagation is None else self.propagation(logits)
