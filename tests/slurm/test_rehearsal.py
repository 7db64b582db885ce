"""The rehearsal's series and lesions fetched and prepared by jobs on Slurm."""

from pathlib import Path

import pytest

from tests.rehearsal.run import Rehearsal
from tests.rehearsal.server import DrawnBuckets, Mirror
from tests.slurm.cluster import Cluster, Head

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
SERIES = 50


def test_fifty_series_are_fetched_and_prepared_by_jobs(cluster: Cluster, tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, SERIES)
    rehearsal.draw(None, workers=2)
    servers = DrawnBuckets(rehearsal.listed()), Mirror(rehearsal.archive)
    try:
        overlay = rehearsal.overlay("idc", *(server.url for server in servers))
        files = ("config/paper.yaml", "config/rehearsal.yaml", str(overlay))
        targets = [f"results/{rehearsal.name}/{name}.csv" for name in ("rejected", "overlap")]
        head = Head(tmp_path, *targets, configfiles=files)
        assert head.finish(1500) == 0, head.said()[-3000:]
    finally:
        for server in servers:
            server.close()
    wanted = {item.uid: item.images for item in rehearsal.listed()}
    assert {row["series_uid"]: int(row["files"]) for row in rehearsal.prepared()} == wanted
    ended = cluster.completed()
    assert {ended[job]["JobState"] for job in head.submitted()} == {"COMPLETED"}
