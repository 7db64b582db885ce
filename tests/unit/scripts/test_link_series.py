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


def test_names_of_all_kinds_get_links(tmp_path: Path) -> None:
    long = "/".join(["\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 60] * 3)
    names = ["{x}", "a b", "100 %", "$(touch x)", long, f"{long}2"]
    for name in names:
        (tmp_path / "root" / name).mkdir(parents=True)
        (tmp_path / "root" / name / "1.dcm").write_text(name)
    main(str(tmp_path / "root"), names, tmp_path / "out", tmp_path / "receipt.csv")
    links = list((tmp_path / "out").iterdir())
    assert sorted((link / "1.dcm").read_text() for link in links) == sorted(names)
    assert all(link.name.isascii() for link in links)


def test_what_cannot_be_listed_is_left_to_its_series(tmp_path: Path) -> None:
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "root" / "a" / "\udce9.dcm").write_text("latin-1")
    (tmp_path / "root" / "a" / "1.dcm").symlink_to("nowhere")
    (tmp_path / "root" / "gone").symlink_to("nowhere")
    main(str(tmp_path / "root"), ["a", "gone"], tmp_path / "out", tmp_path / "receipt.csv")
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert read_rows(tmp_path / "receipt.csv") == []
