import lzma
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml

from maknet.config.manifest import batch_digest, by_batch, read_manifest
from maknet.errors import InputError
from tests.conftest import ROOT

SHIPPED = ROOT / "config/tcia_series.csv.xz"


def test_the_shipped_manifest_has_the_documented_size() -> None:
    series = read_manifest(SHIPPED, 20, allow_noncommercial=True)
    assert len(series) == 7667
    assert sum(s.images or 0 for s in series) == 1_523_679
    assert round(sum(s.size_bytes for s in series) / 1e9) == 811
    batches = by_batch(series)
    assert len(batches) == 384
    assert max(map(len, batches.values())) == 20
    subjects = pd.read_csv(SHIPPED)["PatientID"].nunique()
    assert subjects == 3671


@pytest.mark.real
def test_the_shipped_manifest_is_the_expected_one(real_data: Path) -> None:
    expected = pd.read_csv(real_data / "tcia" / "maknet_tcia_series.csv")
    pd.testing.assert_frame_equal(pd.read_csv(SHIPPED)[expected.columns], expected)
    attribution = pd.read_csv(ROOT / "config/attribution.csv")
    pd.testing.assert_frame_equal(attribution, pd.read_csv(real_data / "tcia" / "attribution.csv"))


@pytest.mark.slow
def test_the_selection_makes_the_shipped_manifest() -> None:
    import idc_index_data

    from maknet.fetch.selection import SelectionRules, select_series

    shipped = pd.read_csv(SHIPPED, dtype={"series_revised_idc_version": int, "idc_version": str})
    if str(idc_index_data.__version__).split(".")[0] != shipped["idc_version"].iloc[0]:
        pytest.skip("another idc-index-data is installed than the shipped manifest is made of")
    selection = select_series(SelectionRules(), 20)
    chosen = selection.series.astype(str).reset_index(drop=True)
    pd.testing.assert_frame_equal(chosen, shipped.astype(str), check_dtype=False)
    funnel = selection.funnel["series"].tolist()
    assert funnel == [270830, 262211, 59127, 26938, 15336, 9916, 7667]
    free = select_series(SelectionRules(noncommercial=False), 20)
    assert len(free.series) == 7157
    assert len(select_series(SelectionRules(per_study=3), 20).series) == 6757


def test_what_is_left_out_moves_no_other_series() -> None:
    """The shipped choice: 343 series of 275 patients of the NIH Clinical Center."""
    chosen = yaml.safe_load((ROOT / "config/paper.yaml").read_text())["tcia"]["leave_out"]
    whole = {s.uid: s for s in read_manifest(SHIPPED, 20, allow_noncommercial=True)}
    kept = {s.uid: s for s in read_manifest(SHIPPED, 20, True, chosen)}
    gone = [whole[uid] for uid in whole.keys() - kept.keys()]
    assert all(kept[uid].batch == whole[uid].batch for uid in kept)
    assert Counter(s.collection for s in gone) == {
        "ct_lymph_nodes": 176, "pancreas_ct": 80, "tcga_kirc": 46, "tcga_kich": 27, "tcga_kirp": 14,
    }  # fmt: skip
    patients = {s.collection: {t.patient for t in gone if t.collection == s.collection}
                for s in gone}  # fmt: skip
    assert {name: len(found) for name, found in patients.items()} == {
        "ct_lymph_nodes": 176, "pancreas_ct": 80, "tcga_kirc": 9, "tcga_kich": 6, "tcga_kirp": 4,
    }  # fmt: skip
    slices = {collection: sum(s.images or 0 for s in gone if s.collection == collection)
              for collection in ("ct_lymph_nodes", "pancreas_ct")}  # fmt: skip
    assert slices == {"ct_lymph_nodes": 110_003, "pancreas_ct": 18_942}
    assert len(kept) == 7324
    assert sum(s.images or 0 for s in kept.values()) == 1_380_965
    batches, before = by_batch(kept.values()), by_batch(whole.values())
    assert len(batches) == 370
    changed = [
        name for name in batches if batch_digest(batches[name]) != batch_digest(before[name])
    ]
    assert len(changed) == 9  # those that lost some of their series


LISTED = "SeriesInstanceUID,collection_id,PatientID\n1.1,a,P-1\n1.2,a,Q-1\n1.3,b,P-2\n"


@pytest.mark.parametrize(
    ("leave_out", "left"),
    [([], ["1.1", "1.2", "1.3"]), (["a"], ["1.3"]), (["a/P"], ["1.2", "1.3"]),
     (["a/Q", "b"], ["1.1"]), (["pancreas_ct"], ["1.1", "1.2", "1.3"])],
)  # fmt: skip
def test_collections_and_patients_are_left_out(
    tmp_path: Path, leave_out: list[str], left: list[str]
) -> None:
    path = write(tmp_path / "m.csv", LISTED)
    series = read_manifest(path, 1, True, leave_out)
    assert [s.uid for s in series] == left
    assert [s.batch for s in series] == [f"batch000{int(uid[-1]) - 1}" for uid in left]


@pytest.mark.parametrize(
    ("text", "leave_out", "words"),
    [
        (LISTED, ["pancreas-ct"], "unknown collection 'pancreas-ct'; did you mean 'pancreas_ct'"),
        (LISTED, ["nowhere"], "unknown collection 'nowhere'; see config/attribution.csv"),
        (LISTED, ["a", "b"], "tcia.leave_out leaves no series"),
        ("SeriesInstanceUID\n1.1\n", ["a"], "without a collection_id, so tcia.leave_out cannot"),
        ("SeriesInstanceUID,collection_id\n1.1,a\n", ["a/P"], "series of a without a PatientID"),
    ],
)
def test_what_cannot_be_left_out_is_named(
    tmp_path: Path, text: str, leave_out: list[str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_manifest(write(tmp_path / "m.csv", text), 20, True, leave_out)


def test_licenses_of_what_is_left_out_do_not_matter(tmp_path: Path) -> None:
    rows = (
        "SeriesInstanceUID,collection_id,license_short_name\n1.1,a,CC BY-NC 3.0\n1.2,b,CC BY 4.0\n"
    )
    path = write(tmp_path / "m.csv", rows)
    assert [s.uid for s in read_manifest(path, 20, False, ["a"])] == ["1.2"]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_list_of_ids_is_enough(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.csv", "SeriesInstanceUID\n" + "".join(f"1.2.{n}\n" for n in range(5))
    )
    series = read_manifest(path, 2, allow_noncommercial=False)
    assert [s.batch for s in series] == ["batch0000"] * 2 + ["batch0001"] * 2 + ["batch0002"]
    assert {s.images for s in series} == {None}


def test_a_list_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "\ufeffSeriesInstanceUID,bytes_approx\n1.2.3,12.5\n")
    assert [(s.uid, s.size_bytes) for s in read_manifest(path, 20, False)] == [("1.2.3", 12)]


def test_tcia_files_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.tcia", "manifestVersion=3.0\nListOfSeriesToDownload=\n1.2.3\n1.2.4\n"
    )
    assert [s.uid for s in read_manifest(path, 20, False)] == ["1.2.3", "1.2.4"]


def test_an_edit_of_a_row_changes_one_batch(tmp_path: Path) -> None:
    head = "batch,SeriesInstanceUID,instanceCount\n"
    old, new = (
        by_batch(read_manifest(write(tmp_path / "m.csv", head + rows), 20, False))
        for rows in ("a,1.1,60\nb,1.2,60\n", "a,1.1,60\nb,1.2,61\n")
    )
    assert batch_digest(old["a"]) == batch_digest(new["a"])
    assert batch_digest(old["b"]) != batch_digest(new["b"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SeriesInstanceUID\n1.2\n1.2\n", "lists series 1.2 twice"),
        ("SeriesInstanceUID,instanceCount\n1.2,60\n1.3,\n", "gives no instanceCount for 1 series"),
        ("SeriesInstanceUID,instanceCount\n1.2,many\n", "has the count 'many'"),
        ("SeriesInstanceUID\n", "lists no series"),
        ("uid\n1.2\n", "has no column 'SeriesInstanceUID'"),
        ("SeriesInstanceUID\nabc\n", "has the series id 'abc'"),
        ("SeriesInstanceUID\n..\n", r"has the series id '\.\.'"),
        ("batch,SeriesInstanceUID\na/../b,1.2\n", "has the batch"),
        ("SeriesInstanceUID,bytes_approx\n1.2,much\n", "has the size 'much'"),
        ("SeriesInstanceUID,series_aws_url\n1.2,s3://a/b/\n", "has the IDC address"),
        ('SeriesInstanceUID,series_aws_url\n1.2,"s3://a/b/*\ncp x"\n', "has the IDC address"),
        ("SeriesInstanceUID,instanceCount\n1.2,²\n", "row 1 has the count '²'"),
        ("SeriesInstanceUID,instanceCount\n1.2,٣\n", "has the count '٣'"),
        ("SeriesInstanceUID,instanceCount\n1.2,0\n", "has the count '0'"),
        ("SeriesInstanceUID,instanceCount\n1.2,-6\n", "has the count '-6'"),
        (f"SeriesInstanceUID,instanceCount\n1.2,{'9' * 5000}\n", "and 4,940 characters more"),
        (f"SeriesInstanceUID,bytes_approx\n1.2,{'9' * 400}\n", "has the size '9999"),
        ("SeriesInstanceUID,bytes_approx\n1.2,nan\n", "has the size 'nan'"),
        (f"SeriesInstanceUID\n1.{'2' * 63}\n", "has the series id '1.2"),
        (f"SeriesInstanceUID\n{'1.2' * 100}\n", "and 240 characters more"),
        ("SeriesInstanceUID\n1.²\n", "has the series id '1.²'"),
        (f"batch,SeriesInstanceUID\n{'b' * 300},1.2\n", "has the batch 'bbb"),
        (f"SeriesInstanceUID,note\n1.2,{'x' * 140_000}\n", "is not a CSV file .*field larger"),
        ("SeriesInstanceUID,SeriesInstanceUID\n1.2,1.3\n", "two columns have one name"),
        ("SeriesInstanceUID,batch\n1.2\n", "row 1 has fewer or more cells"),
        ("SeriesInstanceUID\n1.2,b\n", "row 1 has fewer or more cells"),
        *(
            (f"SeriesInstanceUID,license_short_name\n1.2,{name}\n", "set tcia")
            for name in (
                "CC BY-NC 3.0",
                "NonCommercial",
                "by-nc",
                "CC_BY_NC_4.0",
                "cc-by-nc-sa",
                "Non-Commercial Use",
                "non commercial",
                "CC BYNC",
                "NC",
            )
        ),
    ],
)
def test_other_lists_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_manifest(write(tmp_path / "m.csv", text), 20, allow_noncommercial=False)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["CC BY 4.0", "NCTN Data Archive", "TCIA Incidental", "CC0", ""])
def test_other_licenses_are_free(tmp_path: Path, name: str) -> None:
    text = f"SeriesInstanceUID,license_short_name\n1.{'2' * 62},{name}\n"
    assert len(read_manifest(write(tmp_path / "m.csv", text), 20, False)) == 1


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv.xz").write_bytes(lzma.compress(b"SeriesInstanceUID\n1.2\n")[:-9])
    with pytest.raises(InputError, match=r"m\.csv\.xz is not a CSV file"):
        read_manifest(tmp_path / "m.csv.xz", 20, False)
    with pytest.raises(InputError, match=r"is not a \.tcia file"):
        read_manifest(write(tmp_path / "m.tcia", "1.2.3\n"), 20, False)
    long = "ListOfSeriesToDownload=\n" + "1.2" * 100
    with pytest.raises(InputError, match="row 1 has the series id"):
        read_manifest(write(tmp_path / "m.tcia", long), 20, False)
    (tmp_path / "m.csv").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=r"m\.csv is not a CSV file"):
        read_manifest(tmp_path / "m.csv", 20, False)
