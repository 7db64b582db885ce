from pathlib import Path

import pytest

from maknet.data.shards.labeled_images import index_lesions
from maknet.data.shards.labeled_patches import load_boxes
from maknet.errors import InputError

HEAD = "lesion_index,x1,y1,x2,y2\n"


def test_indices_are_read(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text(f"{HEAD}7,1,2,3,4.5\n3,1,2,3,4\n")
    assert index_lesions(tmp_path / "i.csv").tolist() == [7, 3]
    lesions, boxes = load_boxes(tmp_path / "i.csv")
    assert lesions.tolist() == [7, 3]
    assert boxes.tolist() == [[1, 2, 3, 4.5], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a\n1\n", "is not the index"), (f"{HEAD}x,1,2,3,4\n", "is not the index"),
     (f"{HEAD}{'9' * 30},1,2,3,4\n", "is not the index"),
     (f"{HEAD}{'9' * 5000},1,2,3,4\n", "is not the index"),
     (f"{HEAD}1,a,2,3,4\n", "is not the index"), (f"{HEAD}1,nan,2,3,4\n", "is not finite"),
     (f"{HEAD}1,1,2,3,-inf\n", "is not finite"), (f"{HEAD}1,1,2\n", "fewer or more cells")],
    ids=range(8),
)  # fmt: skip
def test_other_tables_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "i.csv").write_text(text)
    with pytest.raises(InputError, match=rf"i\.csv.*{words}") as caught:
        load_boxes(tmp_path / "i.csv")
    assert len(str(caught.value)) < 400
