"""The first page of a release: what is in it, what it was made from, and whether it is signed."""

from collections.abc import Sequence
from pathlib import Path

from maknet.files import write_text
from maknet.release.network_folder import trained_on

_KINDS = {
    True: "pseudo-labels of the unlabeled CT: Parquet, Croissant, a datasheet",
    False: "a trained network: weights, code, ONNX, labels, its card",
}


def write_index(path: Path, names: Sequence[str], dataset: str, signed: bool) -> None:
    """Write `README.md` of a release.

    Args:
        path: File to write.
        names: Names of the folders beside it.
        dataset: Where the labels came from: `phantom` or `deeplesion`.
        signed: Whether the statement is signed.
    """
    signature = (
        "`statement.json.sig` is its signature; VERIFY.md says how strangers check it."
        if signed
        else "**It is not signed**: `release.key` named no key "
        "(`--config release='{key: ~/.ssh/id_ed25519}'`)."
    )
    lines = [
        "# Release", "", f"Everything here was **{trained_on(dataset)}**.", "",
        *(f"* `{name}/`: {_KINDS[name.startswith('pseudo_labels')]}." for name in names), "",
        "Each folder has the sums of its files in `SHA256SUMS`. `statement.json` commits to them, "
        f"to the results and to all that they were made from. {signature}", "",
    ]  # fmt: skip
    write_text(path, "\n".join(lines))
