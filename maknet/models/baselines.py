"""VGG16 and ResNet18, the networks of Table 1 that MAKNet is compared with.

Backbones are torchvision's, heads are fitted to the printed parameter counts: 14.78M is VGG16 with
batch normalization, one linear layer and no score propagation; 11.25M is ResNet18 with one linear
layer and score propagation. No single head gives both. B images, H rows, W columns, L labels.
"""

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, ResNet18_Weights, VGG16_BN_Weights
from torchvision.models.resnet import BasicBlock
from torchvision.models.vgg import cfgs, make_layers

from maknet.models.layers import LabelHead
from maknet.models.maknet import scaled_channels

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
IMAGENET_WEIGHTS = {
    "vgg16": VGG16_BN_Weights.IMAGENET1K_V1,
    "resnet18": ResNet18_Weights.IMAGENET1K_V1,
}


class Baseline(nn.Module):
    """A backbone of convolutions, global average pooling and a label head.

    Args:
        backbone: Convolutional layers, (B, 3, H, W) to (B, channels, h, w).
        channels: Number of output channels of the backbone.
        num_labels: Number of labels, L.
        dropout: Dropout probability before the classifier.
        score_propagation: Whether the head has score propagation.
        imagenet_input: Whether images in [0, 1] are normalized as ImageNet weights expect.

    Shape:
        (B, 3, H, W) in [0, 1] to two times (B, L) logits, see `LabelHead`.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, backbone: nn.Module, channels: int, num_labels: int, dropout: float,
        score_propagation: bool, imagenet_input: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.backbone = backbone
        self.head = LabelHead(channels, num_labels, dropout, score_propagation)
        mean, std = (_IMAGENET_MEAN, _IMAGENET_STD) if imagenet_input else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits before and after score propagation, (B, L) each."""
        features = self.backbone((images - self.mean) / self.std).mean((2, 3))
        logits: tuple[Tensor, Tensor] = self.head(features)
        return logits


def vgg16(
    num_labels: int, *, dropout: float = 0.5, score_propagation: bool = False, width: float = 1.0,
    imagenet_input: bool = False,
) -> Baseline:  # fmt: skip
    """Build VGG16 with batch normalization, without its fully connected layers.

    Args:
        num_labels: Number of labels, L.
        dropout: Dropout probability before the classifier.
        score_propagation: Whether the head has score propagation.
        width: Multiplier of all channels; 1 is the paper's size.
        imagenet_input: Whether images are normalized as torchvision's weights expect.
    """
    plan = [n if isinstance(n, str) else scaled_channels(n, width) for n in cfgs["D"]]
    backbone = make_layers(plan, batch_norm=True)
    _initialize(backbone)
    channels = scaled_channels(512, width)
    return Baseline(backbone, channels, num_labels, dropout, score_propagation, imagenet_input)


def resnet18(
    num_labels: int, *, dropout: float = 0.5, score_propagation: bool = True, width: float = 1.0,
    imagenet_input: bool = False,
) -> Baseline:  # fmt: skip
    """Build ResNet18 without its fully connected layer.

    Args:
        num_labels: Number of labels, L.
        dropout: Dropout probability before the classifier.
        score_propagation: Whether the head has score propagation.
        width: Multiplier of all channels; 1 is the paper's size.
        imagenet_input: Whether images are normalized as torchvision's weights expect.
    """
    resnet = ResNet(BasicBlock, [2, 2, 2, 2])
    if width != 1:
        resnet = _narrow_resnet(width)
    names = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
    backbone = nn.Sequential()
    for name in names:
        backbone.add_module(name, getattr(resnet, name))
    channels = scaled_channels(512, width)
    return Baseline(backbone, channels, num_labels, dropout, score_propagation, imagenet_input)


def _narrow_resnet(width: float) -> ResNet:
    """Return a ResNet18 whose channels are scaled; torchvision fixes them in its constructor."""
    resnet = ResNet(BasicBlock, [2, 2, 2, 2])
    resnet.inplanes = scaled_channels(64, width)
    resnet.conv1 = nn.Conv2d(3, resnet.inplanes, 7, stride=2, padding=3, bias=False)
    resnet.bn1 = nn.BatchNorm2d(resnet.inplanes)
    for number, stride in enumerate((1, 2, 2, 2)):
        planes = scaled_channels(64 * 2**number, width)
        layer = resnet._make_layer(BasicBlock, planes, 2, stride=stride)
        setattr(resnet, f"layer{number + 1}", layer)
    for module in resnet.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return resnet


def _initialize(backbone: nn.Module) -> None:
    """Initialize the convolutions as torchvision's VGG does."""
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
