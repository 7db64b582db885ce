"""A table of several runs side by side."""

from pathlib import Path

import pytest

from maknet.compare import main
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.reporting.tables.side_by_side import side_by_side

COLUMNS = ("dataset", "iteration", "text_mined_auc", "text_mined_auc_low", "text_mined_auc_high",
           "hand_labeled_f1")  # fmt: skip


def write_run(folder: Path, rows: list[tuple[str, ...]]) -> str:
    folder.mkdir()
    write_rows(folder / "table2.csv", COLUMNS, [dict(zip(COLUMNS, r, strict=True)) for r in rows])
    return str(folder)


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    return [
        write_run(tmp_path / "a", [("phantom", "0", "0.81234", "0.8", "0.83", "0.2")]),
        write_run(tmp_path / "b", [("deeplesion", "0", "0.9", "", "", ""),
                                   ("deeplesion", "1", "0.95", "0.9", "0.99", "0.4")]),
    ]  # fmt: skip


def test_lines_and_metrics_stand_beside_each_other(
    runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*runs, "--table", "table2.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"| iteration | metric | {runs[0]} (phantom) | {runs[1]} (deeplesion) |"
    assert "| 0 | text mined auc | 0.8123 (0.800 to 0.830) | 0.9000 |" in lines
    assert "| 1 | text mined auc | - | 0.9500 (0.900 to 0.990) |" in lines
    assert "| 0 | hand labeled f1 | 0.2000 | - |" in lines
    assert len(lines) == 2 + 2 * 8


def test_what_is_no_table_of_the_paper_is_refused(
    runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("table4.csv", "per_label.csv", "table.csv", "a/table2.csv"):
        with pytest.raises(InputError, match=r"is none of table1.csv"):
            side_by_side(name, runs)
    assert main([*runs, "--table", "table1.csv"]) == 2
    assert "table1.csv" in capsys.readouterr().err
