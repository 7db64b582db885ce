"""A signed statement of what a run's results are and of what they were made from.

An in-toto Statement (v1) has the digest of every result as its subject and the roots of their
lineages as its predicate. OpenSSH signs it with a key of the user's: everybody has OpenSSH, and
GitHub and GitLab publish the public keys of their users.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import atomic_path, sha256, write_json, write_text
from maknet.provenance.roots import joined_root

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:maknet-workflow:lineage-roots:v1"
_NAMESPACE = "file"  # of the signature; what ssh-keygen's own examples use
_VERIFY = Path(__file__).with_name("verify.md")


def write_statement(
    path: Path, results: Path, roots: Mapping[str, str], run: Mapping[str, Any],
    more: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Write a statement on results.

    Args:
        path: File to write.
        results: Results folder; subjects are named below it.
        roots: Roots by the path of each result.
        run: What else is said of the run: commits, data.
        more: Further files below the results folder, which have no root of their own.
    """
    prefix = f"{results}/"
    files = [name for name in roots if Path(name).is_file()]  # a folder has its root alone
    digests = {name.removeprefix(prefix): sha256(name) for name in [*files, *map(str, more)]}
    write_json(path, {
        "_type": _STATEMENT,
        "subject": [{"name": n, "digest": {"sha256": value}} for n, value in digests.items()],
        "predicateType": _PREDICATE,
        "predicate": {
            "folder": str(results),
            "root": joined_root(roots),
            "roots": {name.removeprefix(prefix): root for name, root in roots.items()},
            **run,
        },
    })  # fmt: skip


def write_verification(path: Path) -> None:
    """Write how a stranger verifies a statement, with OpenSSH and Python alone."""
    write_text(path, _VERIFY.read_text(encoding="utf-8"))


def sign(path: Path, key: str, signature: Path) -> None:
    """Sign a file with `ssh-keygen -Y sign`.

    Args:
        path: File to sign.
        key: Private key, or a public key whose private one an agent holds.
        signature: File to write.

    Raises:
        InputError: The key is missing, or OpenSSH is, or signing failed; nothing is written then.
    """
    key_file, program = Path(key).expanduser(), shutil.which("ssh-keygen")
    if not key_file.is_file():
        raise InputError(f"release.key: {key_file} does not exist; name a key of yours.")
    if program is None:
        raise InputError("ssh-keygen is not installed; install OpenSSH 8.1 or newer to sign.")
    command = [program, "-Y", "sign", "-f", str(key_file), "-n", _NAMESPACE]
    with path.open("rb") as content:
        done = subprocess.run(command, stdin=content, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        words = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise InputError(f"{key_file} could not sign {path.name}: {words}")
    with atomic_path(signature) as temporary:
        temporary.write_bytes(done.stdout)
