"""Which body parts does a CT show? Labels for DICOM series by a released network.

    python -m maknet.label FOLDER --weights results/release/student5 --out labeled

reads every CT series below FOLDER, wherever its files lie, and writes tables of slices and series,
and a page to look at. What cannot be labeled is in `rejected.csv` with its reason.
"""

import argparse
import logging
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from maknet.errors import InputError

_HUB = "hf://"
_WEIGHTS = "results*/release/student*", "results/*/release/student*"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        labeled, refused = _label(chosen)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OSError as error:
        place = error.filename or chosen.out
        sys.stderr.write(f"error: {place} cannot be read or written ({error.strerror}).\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was written.\n")
        return 130
    if not labeled and not refused:
        sys.stderr.write("none of the files is a CT image.\n")
    sys.stdout.write(f"{labeled} series labeled, {refused} refused: {chosen.out}/page.html\n")
    return 0 if labeled else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m maknet.label", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("paths", nargs="+", type=Path, help="folders or files of DICOM")
    add(
        "--weights",
        metavar="FOLDER",
        help="a released network, or hf://OWNER/NAME on the "
        "Hugging Face hub; by default the one release below results/",
    )
    add("--out", type=Path, default=Path("labeled"), help="folder to write")
    add("--device", choices=["cpu", "cuda"], default="cpu")
    add("--threads", type=_positive, default=os.cpu_count() or 1)
    add("--threshold", type=_probability, help="of all labels; by default the release's, by label")
    add(
        "--step",
        type=_positive,
        default=1,
        metavar="N",
        help="look at every Nth slice; the others get the result of the nearest one",
    )
    add("--batch-size", type=_positive, default=16, metavar="N")
    add("--embeddings", action="store_true", help="write embeddings.npy")
    add("--sr", action="store_true", help="write a DICOM SR of each series; needs highdicom")
    return parser


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number between 0 and 1")
    return value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def _label(chosen: argparse.Namespace) -> tuple[int, int]:
    # Not above: `--help` and a mistyped option need no torch.
    from maknet.labeling.folder import LabelOptions, label_paths
    from maknet.models.device import open_device
    from maknet.release.pretrained import ReleasedNetwork

    weights = chosen.weights or _only_release()
    if not weights.startswith(_HUB) and not Path(weights).is_dir():
        what = "is a file" if Path(weights).exists() else "is missing"
        raise InputError(f"{weights} {what}; name the folder of a released network.")
    device = open_device(chosen.device, chosen.threads)
    released = ReleasedNetwork.from_pretrained(weights.removeprefix(_HUB)).to(device).eval()
    options = LabelOptions(
        chosen.threshold, chosen.step, chosen.batch_size, chosen.embeddings, chosen.sr
    )
    sys.stderr.write(f"{weights}: {released.trained_on}\n")
    return label_paths(chosen.paths, chosen.out, released, device, options, _tell)


def _tell(words: str) -> None:
    """Name a file on the terminal alone."""
    sys.stderr.write(words.encode("utf-8", "backslashreplace").decode() + "\n")


def _only_release() -> str:
    """Return the one released network below the working directory."""
    found = sorted({str(path) for pattern in _WEIGHTS for path in Path().glob(pattern)})
    if len(found) == 1:
        return found[0]
    said = f"there are {len(found)}: {', '.join(found)}" if found else "there is none here"
    raise InputError(
        f"Name a released network with --weights; {said}. "
        "`snakemake results/demo/release` makes one from synthetic CT, for trying out the command."
    )


if __name__ == "__main__":
    sys.exit(main())
