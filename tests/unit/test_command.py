"""The command `maknet`, and the library installed by itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.__main__ import COMMANDS, main
from maknet.files import ROOT


def test_it_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lable"]) == 2
    assert "there is no command 'lable'" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert len(capsys.readouterr().out) > 300


def installed(folder: Path) -> dict[str, str]:
    """Install the library by itself, as a wheel does, and return an environment that finds it."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "maknet", folder / "site/maknet", ignore=ignored)
    return {"PYTHONPATH": str(folder / "site"), "PATH": ""}


def test_installed_it_audits_the_checkout_around_the_working_folder(tmp_path: Path) -> None:
    code = "from maknet.files import LIBRARY, ROOT; print(LIBRARY, ROOT)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT / "docs", env=installed(tmp_path),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(tmp_path / "site/maknet"), str(ROOT)]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["a", "b", "--cell", "1:auc"],
        ["a", "b", "--series", "1.2"],
        ["--patient", "3", "--deep"],
        ["--series", "1.2", "--patient", "3"],
    ],
)
def test_an_audit_refuses_what_it_would_ignore(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["audit", *options])
    assert caught.value.code == 2


def test_a_reader_that_has_gone_is_no_error() -> None:
    code = "from maknet.progress import print_result; print_result('x' * 1_000_000)"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_job_never_runs_the_library_of_another_place(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.append('.'); from scripts import draw_textures\n"
        "from maknet.jobs.script import script_path; script_path(draw_textures.main)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=ROOT, env=installed(tmp_path),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "pip uninstall maknet-workflow" in done.stderr
