"""The first page of a release: what is in it, what it was made from, and whether it is signed."""

from collections.abc import Sequence
from pathlib import Path

from maknet.files import read_json, write_text
from maknet.release.pretrained import CONFIG

_KINDS = {
    True: "pseudo-labels of the unlabeled CT: Parquet, Croissant, a datasheet",
    False: "a trained network: weights, code, ONNX, labels, its card",
}


def write_index(path: Path, names: Sequence[str], signed: bool) -> None:
    """Write `README.md` of a release.

    Args:
        path: File to write.
        names: Names of the folders beside it.
        signed: Whether the statement is signed.
    """
    signature = (
        "`statement.json.sig` is its signature; VERIFY.md says how strangers check it."
        if signed
        else "**It is not signed**: `release.key` named no key "
        "(`--config release='{key: ~/.ssh/id_ed25519}'`)."
    )
    lines = ["# Release", ""]
    for name in names:
        labels = name.startswith("pseudo_labels")
        said = "" if labels else f" **{read_json(path.parent / name / CONFIG)['trained_on']}.**"
        lines.append(f"* `{name}/`: {_KINDS[labels]}.{said}")
    lines += [
        "", "Each folder has the sums of its files in `SHA256SUMS`. `statement.json` commits to "
        f"them, to the results and to all that they were made from. {signature}", "",
    ]  # fmt: skip
    write_text(path, "\n".join(lines))
