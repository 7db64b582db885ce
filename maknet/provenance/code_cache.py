"""What the files of the code say, kept from one start of the workflow to the next.

Only planning trusts what is kept: records and audits read the files.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import read_json, write_json
from maknet.provenance import code
from maknet.provenance.code import FileFacts, code_digest, read_facts
from maknet.provenance.digests import stat_key

_SETTLED_NS = 2_000_000_000  # a file that changed later may change again without another time


class CodeCache:
    """Digests of code whose files are parsed only if they have changed.

    Args:
        path: File to keep the facts in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rules = stat_key(Path(code.__file__))  # what reads files may itself have changed
        self._kept = self._read()
        self._found: dict[Path, FileFacts] = {}
        self._is_new = False

    def digest(self, script: str | Path) -> str:
        """Return `code_digest` of a script."""
        return code_digest(script, self._facts)

    def save(self) -> None:
        """Keep what was read, where that is possible: another start only takes longer without."""
        if self._is_new:
            try:
                write_json(self._path, {"rules": self._rules, "files": self._kept})
            except OSError:
                return

    def _read(self) -> dict[str, Any]:
        try:
            found = read_json(self._path)
            return dict(found["files"]) if found["rules"] == self._rules else {}
        except (InputError, KeyError, TypeError, ValueError):  # none, or a damaged one
            return {}

    def _facts(self, path: Path) -> FileFacts:
        if path in self._found:
            return self._found[path]
        name, mark = str(path), stat_key(path)
        kept = self._kept.get(name)
        if isinstance(kept, dict) and kept.get("mark") == mark:
            return FileFacts(kept["meaning"], tuple(kept["imports"]))
        # Read after the mark was taken, and not what this process read before.
        facts = self._found[path] = read_facts(path)
        if time.time_ns() - max(mark[1:3]) > _SETTLED_NS:
            self._kept[name] = {"mark": mark, **asdict(facts)}
            self._is_new = True
        return facts
