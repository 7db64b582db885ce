"""Every number of DL_info.csv is one that DeepLesion can have, or is refused with its row."""

from pathlib import Path

import pytest

from maknet.data.deeplesion.info import load_info
from maknet.errors import InputError

COLUMNS = "File_name,Patient_index,Key_slice_index,Bounding_boxes,Spacing_mm_px_,Possibly_noisy"
GOOD = {
    "name": "000001_01_01_010.png",
    "patient": "1",
    "box": "41, 31, 61, 51",
    "mm": "0.8, 0.8, 5",
}


def table(path: Path, **changes: str) -> Path:
    rows = [GOOD, GOOD | changes]
    lines = [f'{r["name"]},{r["patient"]},10,"{r["box"]}","{r["mm"]}",0' for r in rows]
    path.write_text("\n".join([COLUMNS, *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"mm": "0, 0.8, 5"}, r"has pixels of 0 x 0\.8 mm"),
        ({"mm": "0.8, -0.8, 5"}, "has pixels of"),
        ({"mm": "1e-300, 1e-300, 5"}, "has pixels of 1e-300"),
        ({"mm": "nan, 0.8, 5"}, "has pixels of nan"),
        ({"mm": "inf, inf, 5"}, "has pixels of inf"),
        ({"mm": "80, 80, 5"}, "has pixels of 80"),
        ({"mm": "0.8, 0.8, inf"}, "has slices inf mm apart"),
        ({"mm": "0.8, 0.8, -inf"}, "has slices -inf mm apart"),
        ({"mm": "0.8, 0.8, 1e-300"}, "has slices 1e-300 mm apart"),
        ({"mm": "0.8, 0.8, 500"}, "has slices 500 mm apart"),
        ({"mm": "0.8, 0.8"}, "cannot be read"),
        ({"mm": "0.8, 0.8, five"}, "cannot be read"),
        ({"box": "61, 31, 41, 51"}, "corners are in the wrong order"),
        ({"box": "41, 31, 61, 31"}, "corners are in the wrong order"),
        ({"box": "nan, 31, 61, 51"}, "which no slice holds"),
        ({"box": "41, 31, inf, 51"}, "which no slice holds"),
        ({"box": "41, 31, 1e9, 51"}, "which no slice holds"),
        ({"box": "-1e9, 31, 61, 51"}, "which no slice holds"),
        ({"patient": "-1"}, "negative patient"),
        ({"patient": "1" * 5000}, "cannot be read"),
        ({"patient": ""}, "cannot be read"),
        ({"name": "../../x_010.png"}, "which is not a folder's name"),
        ({"name": "000001_01_01_x.png"}, "cannot be read"),
        ({"name": ""}, "cannot be read"),
    ],
)
def test_numbers_that_no_scanner_leaves(tmp_path: Path, changes: dict[str, str], what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        load_info(table(tmp_path / "DL_info.csv", **changes))
    assert str(caught.value).startswith(f"{tmp_path}/DL_info.csv: row 1 ")
    assert str(caught.value).endswith("fix the row.")


@pytest.mark.parametrize("step", ["0", "-1", "nan"])
def test_a_step_that_is_unknown_stays(tmp_path: Path, step: str) -> None:
    """LesaNet then shows the key slice three times."""
    _, row = load_info(table(tmp_path / "DL_info.csv", mm=f"0.8, 0.8, {step}"))
    assert not row.spacing_mm[2] > 0


def test_a_row_that_breaks_off_is_named(tmp_path: Path) -> None:
    path = table(tmp_path / "DL_info.csv")
    path.write_text(path.read_text() + "000001_01_01_010.png\n")
    with pytest.raises(InputError, match="row 2 "):
        load_info(path)


def test_boxes_may_reach_over_the_edge(tmp_path: Path) -> None:
    """The table has 5 pixels of surroundings around each lesion."""
    _, row = load_info(table(tmp_path / "DL_info.csv", box="-4.5, 500, 20, 515.2"))
    assert row.box == (-4.5, 500, 20, 515.2)
