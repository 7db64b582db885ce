"""Damage files at random and count what the workflow makes of them.

`python -m tests.fuzz.run --count 10000` takes all kinds, `--kind png` one. Each damaged file ends
in one of these: `right` (accepted, and an independent reader says the same), `refused` (the
project's own error), `foreign` (any other exception), `silent` (accepted, and wrong), `slow`,
`large`. Cases of the last four are kept below `--keep` with their seed; a seed that found something
becomes a test.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from maknet.data.ct.reasons import SeriesError
from maknet.errors import InputError
from tests.fuzz.mutations import mutate
from tests.fuzz.subjects import SUBJECTS, Subject

MAX_SECONDS, MAX_BYTES = 5.0, 1 << 30
BAD = ("foreign", "silent", "slow", "large")


def judge(subject: Subject, path: Path) -> tuple[str, str]:
    """Read a damaged file; return the verdict and what was said."""
    before, began = _peak_bytes(), time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom warns of values that it then reads
            value = subject.read(path)
        verdict, said = "right", ""
    except (InputError, SeriesError) as error:
        verdict, said = "refused", str(error)
    except Exception as error:
        verdict, said = "foreign", f"{type(error).__name__}: {error}"
    if time.monotonic() - began > MAX_SECONDS:
        return "slow", said
    if _peak_bytes() - before > MAX_BYTES:
        return "large", said
    if verdict == "right" and not subject.is_right(path, value):
        return "silent", repr(value)[:200]
    return verdict, said


def fuzz(name: str, count: int, seed: int, keep: Path | None, first: int = 0) -> Counter[str]:
    """Damage one kind of file `count` times, from the damage with the number `first` on."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        subject = SUBJECTS[name](Path(folder))
        for number in range(first, first + count):
            rng = np.random.default_rng([seed, number])
            how, content = mutate(subject.content, rng)
            if content == subject.content:
                continue
            path = Path(folder) / f"damaged{subject.suffix}"
            path.write_bytes(content)
            verdict, said = judge(subject, path)
            found[verdict] += 1
            if verdict in BAD:
                print(f"{name} seed {seed} number {number} ({how}): {verdict}: {said[:200]}")
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    target = keep / f"{name}-{seed}-{number}{subject.suffix}"
                    target.write_bytes(content)
    return found


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=SUBJECTS, action="append")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    os.environ["TQDM_DISABLE"] = "1"
    columns = ("right", "refused", *BAD)
    print(f"{'kind':16}" + "".join(f"{name:>10}" for name in columns))
    bad = 0
    for name in options.kind or SUBJECTS:
        found = fuzz(name, options.count, options.seed, options.keep)
        bad += sum(found[verdict] for verdict in BAD)
        print(f"{name:16}" + "".join(f"{found[verdict]:10}" for verdict in columns), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
