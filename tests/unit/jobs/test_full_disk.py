"""A full disk ends in one sentence with the file and the setting that moves it, whoever writes."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maknet.files import ROOT, full_disk, full_disk_in, writing
from maknet.jobs.full_disk import folders_by_setting, full_disk_sentence
from maknet.jobs.scratch import staged

FOLDERS = {"the configuration key 'paths.results'": "results", "`scratch`": "results/fast"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB and 40 files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=40", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs root, and a system that lets it mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, files: bool = False) -> None:
    """Leave no byte, or no file more."""
    try:
        if files:
            for number in range(100):
                (disk / f"filler{number}").touch()
        (disk / "filler").write_bytes(bytes(1 << 20))
    except OSError as error:
        assert error.errno == errno.ENOSPC  # noqa: PT017


# Each writes more than the disk has, to a file or a folder of the given name.
WRITERS = """
import shutil, sys, zipfile
from pathlib import Path
import numpy as np, pandas as pd, torch
from maknet.files import write_json, write_rows, write_frame, write_text
from maknet.data.arrays import save_arrays
from maknet.data.shards.shard import write_shard
from maknet.fetch.deeplesion_zip import extract_slices
from maknet.fetch.download import copy_atomic
from maknet.jobs.job import error_reporting, logger
from maknet.jobs.scratch import staged
from maknet.models.build import save_weights
from maknet.phantom.archive import planned_archive, write_series
from maknet.phantom.deeplesion import write_png
from maknet.training.checkpoint import Checkpoint
from maknet.training.history import History

disk, source = Path(sys.argv[1]), Path(sys.argv[2])
FOLDERS = ("history", "slices", "series")  # not atomic: Snakemake removes what is unfinished
BIG = np.random.default_rng(0).integers(0, 255, (1, 3, 512, 512), np.uint8)
source.mkdir()
(source / "big").write_bytes(BIG.tobytes())
with zipfile.ZipFile(source / "z.zip", "w") as archive:
    archive.writestr("Images_png/000001_01_01/001.png", BIG.tobytes())

def history(folder):
    with History(folder) as events:
        for epoch in range(4000):
            events.add(epoch, {"a_long_name_of_a_value" * 4: 1.0})

def log_much():
    for _ in range(9000):
        logger.info("a line of the log that is quite long, so that the disk is full soon")

writers = {
    "text": lambda path: write_text(path, "x" * (1 << 20)),
    "json": lambda path: write_json(path, ["x" * (1 << 20)]),
    "rows": lambda path: write_rows(path, ["a"], [{"a": "x" * 1000}] * 1000),
    "frame": lambda path: write_frame(path, pd.DataFrame({"a": ["x" * 1000] * 1000})),
    "arrays": lambda path: save_arrays(path, a=BIG),
    "shard": lambda path: write_shard(path, BIG),
    "weights": lambda path: save_weights(path, torch.nn.Linear(1000, 1000), {}),
    "state": lambda path: Checkpoint(path, {}, 1).save({"a": torch.zeros(1 << 20)}),
    "history": history,
    "copy": lambda path: copy_atomic(source / "big", path),
    "staged": lambda path: staged(source, path.parent),
    "slices": lambda path: extract_slices(
        source / "z.zip", {"000001_01_01/001"}, path, path.with_suffix(".csv"), 0),
    "a.png": lambda path: write_png(path, np.random.default_rng(1).normal(0, 900, (512, 512))),
    "series": lambda path: write_series(planned_archive(1, 1, {})[0], path, 128),
}
folders = {"the configuration key 'paths.results'": str(disk)}
for name, write in writers.items():
    print(f"== {name}", file=sys.stderr, flush=True)
    try:
        with error_reporting(None, folders):
            write(disk / source.name if name == "staged" else disk / name)
        print("no error", file=sys.stderr)
    except SystemExit:
        pass
    for path in (disk / "a.png", disk / source.name, *(disk / n for n in FOLDERS)):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in disk.iterdir():
        print("left", path, file=sys.stderr)
"""


def test_every_writer_names_its_file_and_the_setting(disk: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITERS, str(disk), str(tmp_path / "source")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    parts = [part.split("\n", 1) for part in done.stderr.split("== ")[1:]]
    assert len(parts) == 14
    for name, output in parts:
        file = tmp_path / "disk" / ("source" if name == "staged" else name)
        sentences = [line for line in output.splitlines() if "error: The disk is full" in line]
        assert len(sentences) == 1, (name, output)
        assert f"while writing {file}" in sentences[0], name
        assert "or set the configuration key 'paths.results' to" in sentences[0]
        assert "left" not in output, name


JOB = """
import sys
from types import SimpleNamespace
from pathlib import Path
from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards
from maknet.jobs.job import job, logger
results = sys.argv[1]
snakemake = SimpleNamespace(
    rule="make_table1", threads=1, resources={}, log=[f"{results}/logs/a.log"],
    input=InputFiles(), output=OutputFiles(), params=Params(), wildcards=Wildcards(),
    config={"paths": {"results": results, "data": "data"}},
)
with job(snakemake, "scripts/make_table1.py"):
    exec(sys.argv[2])
"""


def run_job(results: Path, body: str = "pass") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", JOB, str(results), body]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


LOCKS = "state/locks/make_table1"


@pytest.mark.parametrize(
    ("ready", "file"),
    [([], "state"), ([LOCKS], "job.lock"), ([LOCKS, f"{LOCKS}/job.lock"], "job.holder.json"),
     ([LOCKS, f"{LOCKS}/job.lock", "logs"], "job.holder.json")],
)  # fmt: skip
def test_the_lock_on_a_disk_without_another_file(disk: Path, ready: list[str], file: str) -> None:
    for name in ready:
        path = disk / name
        path.touch() if path.suffix else path.mkdir(parents=True)
    fill(disk, files=True)
    done = run_job(disk)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"error: The disk is full while writing {disk}/state" in done.stderr
    assert f"{file}; free space or set the configuration key 'paths.results'" in done.stderr


def test_the_holders_file_on_a_disk_without_a_byte(disk: Path) -> None:
    fill(disk)
    done = run_job(disk)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "holder.json; free space or set the configuration key 'paths.results'" in done.stderr


def test_a_log_that_cannot_go_on_is_told_of_once_and_ends_no_job(disk: Path) -> None:
    body = f"[logger.info('x' * 1000) for _ in range(500)]; print(1); Path({str(disk)!r}, 'logs/a.log').unlink()"  # noqa: E501
    done = run_job(disk, body)
    assert "Traceback" not in done.stderr
    assert "Logging error" not in done.stderr
    assert done.stderr.count("The disk is full while writing") == 1
    assert f"while writing {disk}/logs/a.log; free space or set the conf" in done.stderr
    assert done.stdout == "1\n"


def test_a_log_that_cannot_be_opened_is_named(disk: Path) -> None:
    fill(disk, files=True)
    code = "import sys; from maknet.jobs.job import error_reporting\n"
    code += "with error_reporting(sys.argv[1], {'here': sys.argv[2]}): pass"
    command = [sys.executable, "-c", code, f"{disk}/a.log", str(disk)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"while writing {disk}/a.log; free space or set here to a folder" in done.stderr


def wrapped() -> RuntimeError:
    """What torch does with an error of its file."""
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise ValueError("first") from error
    except ValueError:
        try:
            raise RuntimeError("[enforce fail at inline_container.cc:778]")
        except RuntimeError as error:
            return error


def test_a_full_disk_is_found_behind_other_errors() -> None:
    assert full_disk(wrapped()) is not None
    assert full_disk(OSError(errno.EDQUOT, "quota")) is not None
    assert full_disk(OSError(errno.EACCES, "denied")) is None
    assert full_disk(None) is None
    circle = RuntimeError()
    circle.__cause__ = ValueError()
    circle.__cause__.__cause__ = circle
    assert full_disk(circle) is None


def named(error: Exception, path: str, temporary: Path | None = None) -> OSError:
    with pytest.raises(type(error)), writing(path, temporary):
        raise error
    found = full_disk(error)
    assert found is not None
    return found


def test_the_file_is_the_one_that_is_written() -> None:
    assert named(wrapped(), "results/a.npy").filename == "results/a.npy"
    temporary = OSError(errno.ENOSPC, "full", ".a.1.tmp")
    assert named(temporary, "a", Path(".a.1.tmp")).filename == "a"
    copied = OSError(errno.ENOSPC, "full", "from", None, ".a.1.tmp")
    assert named(copied, "a", Path(".a.1.tmp")).filename == "a"
    assert named(OSError(errno.ENOSPC, "full", "other"), "a").filename == "other"


@pytest.mark.parametrize(
    ("file", "setting"),
    [("results/a.npy", "set the configuration key 'paths.results'"),
     ("results/fast/maknet-1/a", "set `scratch` to"), ("/elsewhere/a", "free space there"),
     (f"{tempfile.gettempdir()}/a", "set the environment variable TMPDIR")],
)  # fmt: skip
def test_the_setting_is_that_of_the_innermost_folder(file: str, setting: str) -> None:
    sentence = full_disk_sentence(OSError(errno.ENOSPC, "full", file), FOLDERS)
    assert sentence.startswith(f"The disk is full while writing {file}; ")
    assert setting in sentence


def test_a_quota_and_an_unknown_file_have_their_sentences() -> None:
    quota = full_disk_sentence(OSError(errno.EDQUOT, "quota", "results/a"), FOLDERS)
    assert quota.startswith("Your quota is used up while writing results/a")
    unknown = full_disk_sentence(OSError(errno.ENOSPC, "full"), FOLDERS)
    assert "results (the configuration key 'paths.results')" in unknown


def test_links_do_not_hide_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "data").symlink_to("big")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NODE", "fast")
    folders = folders_by_setting({"data": "data"}, "$NODE")
    assert folders["`scratch` in workflow/profiles/slurm/site.yaml"] == "fast"
    sentence = full_disk_sentence(OSError(errno.ENOSPC, "full", "data/a"), folders)
    assert "'paths.data'" in sentence


def test_a_program_tells_of_a_full_disk_in_words() -> None:
    words = 'ERROR "cp s3://b/k d/1.dcm": write d/1.dcm: no space left on device'
    found = full_disk_in(words, "data")
    assert found is not None
    assert (found.errno, found.filename) == (errno.ENOSPC, "data")
    assert full_disk_in("connection refused", "data") is None


def test_other_errors_of_a_copy_to_the_node_stay(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "none").symlink_to("gone")
    (tmp_path / "node").mkdir()
    with pytest.raises(OSError, match="No such file"):
        staged(tmp_path / "a", tmp_path / "node")
