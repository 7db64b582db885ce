import os
import time
from pathlib import Path

from maknet.jobs.leftovers import remove_leftovers


def test_old_leftovers_of_any_node_go_and_nothing_else(tmp_path: Path) -> None:
    long_ago = time.time() - 2 * 3600
    old = [".a.npy.0123abcd.12.tmp", ".a.npy.77.tmp"]
    left = ["a.npy", ".a.npy.bak", ".b.npy.0123abcd.12.tmp", "a.npy.12.tmp"]
    for name in (*old, *left):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / ".a.npy.0123abcd.13.tmp").touch()  # somebody may still write it
    remove_leftovers([tmp_path / "a.npy", tmp_path / "none" / "b.npy"])
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == sorted([*left, ".a.npy.0123abcd.13.tmp"])
