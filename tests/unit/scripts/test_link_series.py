from pathlib import Path

from maknet.files import read_rows
from scripts.link_series import main


def test_series_of_any_depth_get_links_of_their_own(tmp_path: Path) -> None:
    names = ["a/b", "a_b", "c"]
    for name in names:
        (tmp_path / "root" / name).mkdir(parents=True)
        (tmp_path / "root" / name / "1.dcm").write_text(name)
    main(tmp_path / "root", names, tmp_path / "out", tmp_path / "receipt.csv")
    links = sorted((tmp_path / "out").iterdir())
    assert sorted((link / "1.dcm").read_text() for link in links) == names
    assert len(read_rows(tmp_path / "receipt.csv")) == 3
