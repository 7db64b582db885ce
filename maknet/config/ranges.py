"""What a schema cannot say of a configuration: order within pairs, parts that need others."""

from collections.abc import Mapping
from typing import Any

from maknet.config.arithmetic import check_arithmetic
from maknet.errors import InputError

Config = Mapping[str, Any]


def check_ranges(config: Config) -> None:
    """Check the values of a configuration that fits its schema.

    Raises:
        InputError: The first rule that is broken, with its key.
    """
    for check in _RULES:
        check(config)


def _check_rising_pairs(config: Config) -> None:
    for section, name in (("series", "step_mm"), ("series", "pixel_mm"), ("series", "body_hu"),
                          ("image", "window_hu"), ("lesanet", "input.window_hu")):  # fmt: skip
        value: Any = config[section]
        for part in name.split("."):
            value = value[part]
        if value[0] >= value[1]:
            raise InputError(
                f"The configuration key '{section}.{name}' must be ascending, not "
                f"[{value[0]}, {value[1]}]."
            )
    for name in ("crop_area", "crop_ratio"):
        low, high = config["augmentation"][name]
        if low > high:
            raise InputError(
                f"The configuration key 'augmentation.{name}' must not be descending, but is "
                f"[{low}, {high}]."
            )


def _check_maknet(config: Config) -> None:
    maknet = config["networks"]["maknet"]
    if len(maknet["widths"]) != len(maknet["layers"]):
        raise InputError(
            "The configuration keys 'networks.maknet.widths' and 'networks.maknet.layers' must "
            "have the same length."
        )
    if config["image"]["size"] < 2 ** (len(maknet["widths"]) + 1):
        raise InputError(
            f"The configuration key 'image.size' is too small for {len(maknet['widths'])} blocks "
            "of 'networks.maknet', each of which halves the image."
        )


def _check_lesanet_slices(config: Config) -> None:
    offset, reach = config["lesanet"]["input"]["offset_mm"], config["deeplesion"]["reach_mm"]
    if config["labeled"]["source"] == "deeplesion" and offset > reach:
        raise InputError(
            f"The configuration key 'lesanet.input.offset_mm' is {offset}, more than "
            f"'deeplesion.reach_mm' = {reach}: slices that far away are not kept."
        )


def _check_generic_weights(config: Config) -> None:
    generic = config["generic"]
    for name in ("vgg16", "resnet18"):
        if generic == "imagenet" and config["networks"][name]["width"] != 1:
            raise InputError(
                f"The configuration key 'networks.{name}.width' must be 1 for ImageNet weights, "
                "which 'generic' asks for."
            )
    if generic == "textures" and "textures" not in config:
        raise InputError(
            "The configuration key 'generic' is textures, but there is no section "
            "'textures'; see config/demo.yaml."
        )


def _check_threshold_grid(config: Config) -> None:
    grid = config["evaluation"]["threshold_grid"]
    if grid != sorted(grid):
        raise InputError("The configuration key 'evaluation.threshold_grid' must be ascending.")


# What a schema cannot say: order within pairs, equal lengths, parts that need others.
_RULES = (
    _check_rising_pairs,
    _check_maknet,
    _check_lesanet_slices,
    _check_generic_weights,
    _check_threshold_grid,
    check_arithmetic,
)
