"""A download that is killed on a node, from NBIA's service on loopback to that node's own disk."""

from pathlib import Path

import pytest

from maknet.files import read_rows, sha256
from tests.loopback.nbia_server import NbiaServer
from tests.slurm.cluster import Cluster, Head, wait_until
from tests.workflow.conftest import Run
from tests.workflow.test_fetching import copies, overlay, server  # noqa: F401 - fixtures

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
RECEIPT = "data/tcia/receipts/batch0000.csv"
KINDS = ("rle", "scout_inside", "short")


def test_a_killed_fetch_keeps_what_was_verified(
    cluster: Cluster, snakemake: Run, copies: Path, server: NbiaServer,  # noqa: F811
    phantom_archive: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    wanted = [phantom_archive[kind].name for kind in KINDS]
    manifest = tmp_path / "wanted.tcia"
    manifest.write_text("ListOfSeriesToDownload=\n" + "\n".join(wanted))
    config = overlay(tmp_path / "loopback.yaml", copies, server, manifest)
    more = tmp_path / "more.yaml"
    more.write_text("unlabeled: {batch_size: 3}\n")
    configfiles = ("config/paper.yaml", config, str(more))

    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    done = snakemake(undisturbed, RECEIPT, "--notemp", configfiles=configfiles)
    assert done.returncode == 0, done.stderr[-3000:]

    server.requests.clear()
    server.faults[wanted[2]] = "stall"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    site = tmp_path / "site.yaml"
    site.write_text((Path("workflow/profiles/slurm/site.yaml")).read_text().replace(
        "scratch:  ", "scratch: $NODE_DISK"))  # fmt: skip
    monkeypatch.setenv("MAKNET_SITE", str(site))
    monkeypatch.setenv("NODE_DISK", str(scratch))
    disturbed = tmp_path / "disturbed"
    disturbed.mkdir()
    head = Head(disturbed, RECEIPT, "--notemp", configfiles=configfiles)
    partial = disturbed / "data/tcia/partial/batch0000"
    wait_until(
        lambda: all((partial / uid).is_dir() for uid in wanted[:2]), "two series did not arrive"
    )
    fetching = head.process_of("fetch_series")
    assert fetching is not None
    assert list(scratch.glob("maknet-*/incoming"))
    fetching.kill()
    server.faults.clear()
    assert head.finish() == 0, head.said()[-3000:] + head.slurm_logs()[-3000:]
    assert len(head.submitted()) == 2
    assert [server.requests[uid] for uid in wanted[:2]] == [1, 1]
    assert read_rows(disturbed / RECEIPT) == read_rows(undisturbed / RECEIPT)
    for path in sorted((undisturbed / "data/tcia/series").rglob("*.dcm")):
        assert sha256(disturbed / path.relative_to(undisturbed)) == sha256(path)
