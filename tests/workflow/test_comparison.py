"""Two runs that part in one job: the comparison names the job and the cause."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maknet.errors import InputError
from maknet.files import ROOT
from maknet.provenance.comparison import Comparison, compare

pytestmark = pytest.mark.workflow
PLANTED = 50
Content = dict[str, Any]


class Planted:
    """The records of a run, in which one job gives another result."""

    def __init__(self, results: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(results / "provenance", folder / "provenance")
        self.folder = folder
        self.paths = sorted(folder.glob("provenance/*/*.json"))
        self.records = {p: json.loads(p.read_text()) for p in self.paths if "config" not in p.parts}
        self.makers = {o: p for p, r in self.records.items() for o in r["outputs"]}

    def needed(self) -> list[Path]:
        """Return the records of all jobs behind the tables and figures."""
        ends = (".csv", ".png")
        waiting = [o for o in self.makers if o.count("/") == 2 and o.endswith(ends)]
        found: set[Path] = set()
        while waiting:
            path = self.makers.get(waiting.pop())
            if path is not None and path not in found:
                found.add(path)
                waiting += self.records[path]["inputs"]
        return sorted(found)

    def plant(self, path: Path, change: Callable[[Content], object]) -> None:
        change(self.records[path])
        self._other_result(path)
        for other, record in self.records.items():
            other.write_text(json.dumps(record))

    def _other_result(self, path: Path) -> None:
        for output in self.records[path]["outputs"]:
            self.records[path]["outputs"][output] = f"other {output}"
            for reader, record in self.records.items():
                if record["inputs"].get(output, "other ").startswith("other "):
                    continue
                record["inputs"][output] = f"other {output}"
                self._other_result(reader)


def leaf(params: Content, skipped: tuple[str, ...]) -> tuple[Content, str] | None:
    """Return where a number of some parameters stands."""
    for key, value in params.items():
        if isinstance(value, dict):
            if (found := leaf(value, skipped)) is not None:
                return found
        elif isinstance(value, int | float) and key not in skipped:
            return params, key
    return None


def change_setting(record: Content) -> None:
    place, key = leaf(record["params"], ("seed", "seeds")) or (record["params"], "dataset")
    place[key] = "another"


CHANGES: dict[str, Callable[[Content], object]] = {
    "setting": change_setting,
    "seed": lambda r: r["params"].update(seed=99),
    "code": lambda r: r["code_files"].update({"maknet/files.py": "0" * 64}),
    "package": lambda r: r["environment"]["packages"].update(numpy="1.0"),
    "device": lambda r: r["device"].update(threads=77),
    "cpu": lambda r: r["environment"]["cpu"].update(model="another"),
    "input": lambda r: r["inputs"].update({"their/DL_info.csv": "0" * 64}),
    "chance": lambda r: None,
}


@pytest.mark.slow
def test_planted_differences_are_found(finished: Path, tmp_path: Path) -> None:
    results = finished / "results/demo"
    chance = random.Random(1)
    jobs = causes = 0
    for number in range(PLANTED):
        planted = Planted(results, tmp_path / "b")
        kind = list(CHANGES)[number % len(CHANGES)]
        path = chance.choice(planted.needed())
        planted.plant(path, CHANGES[kind])
        found = compare(results, planted.folder)
        wildcards = sorted(planted.records[path]["wildcards"].items())
        expected = " ".join([path.parent.name, *(f"{k}={v}" for k, v in wildcards if v)])
        jobs += [first.job for first in found.first] == [expected]
        causes += [c.kind for first in found.first for c in first.causes] == [kind]
        assert found.differing == 1 + len(found.first[0].followers)
    assert (jobs, causes) == (PLANTED, PLANTED)


def test_a_run_is_the_same_as_itself(finished: Path) -> None:
    results = finished / "results/demo"
    found = compare(results, results)
    assert found == Comparison(found.jobs, 0, [], {}, [], [])
    assert found.jobs > 50


def test_the_command_line(finished: Path, tmp_path: Path) -> None:
    results = finished / "results/demo"
    planted = Planted(results, tmp_path / "b")
    (weights,) = (p for p in planted.needed() if str(p).endswith("train_student/1.json"))
    planted.plant(weights, lambda r: r["params"]["student"].update(epochs=99))
    command = [sys.executable, "-m", "maknet.compare", str(results), str(planted.folder)]
    done = subprocess.run(
        [*command, "table2.csv"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 1, done.stderr
    assert "the runs part at: train_student round=1" in done.stdout
    assert "cause: setting student.epochs: " in done.stdout
    assert "make_table2" in done.stdout
    alike = subprocess.run(
        [*command, "table1.csv"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert alike.returncode == 0
    wrong = subprocess.run(
        [*command[:-1], str(tmp_path)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert wrong.returncode == 2
    assert "has no provenance records" in wrong.stderr


def test_a_result_that_one_run_lacks_is_refused(finished: Path) -> None:
    results = finished / "results/demo"
    with pytest.raises(InputError, match=r"no record of <results>/other\.csv"):
        compare(results, results, ["other.csv"])
