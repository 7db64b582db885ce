"""The root of a file: one hash that commits to its whole lineage, as in a Merkle tree.

It is the hash of the record of the file's job: the file with its digest, rule, parameters, code,
configuration, packages, CPU and device, and every input with its digest and its own root. Nothing
in the lineage can be other than it was while the root is the same. When and where in a queue a job
ran is left out, so that the same job done again has the same root.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from maknet.provenance.records import Record

_FREE = ("started", "ended", "run", "exit")


def file_root(record: Record, path: str) -> str:
    """Return the root of one output of a job.

    Args:
        record: The job's record.
        path: The output, as the record names it.
    """
    content = {k: v for k, v in asdict(record).items() if k not in _FREE}
    content["outputs"] = {path: record.outputs[path]}
    return _hash(content)


def joined_root(roots: Mapping[str, str]) -> str:
    """Return the root of several files: of one, its own; else the hash of their paths and roots."""
    return next(iter(roots.values())) if len(roots) == 1 else _hash(dict(roots))


def _hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
