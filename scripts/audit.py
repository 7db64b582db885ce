"""Rule audit: every table and figure against its lineage."""

import sys

from maknet.audit import main
from maknet.jobs.full_disk import folders_by_setting
from maknet.jobs.job import error_reporting

if __name__ == "__main__":
    folders = folders_by_setting(snakemake.config["paths"], None)
    with error_reporting(snakemake.log[0], folders):
        sys.exit(main(snakemake.params.results))
