"""Rule audit: every table and figure against its lineage."""

import sys

from maknet.audit import main
from maknet.jobs.job import error_reporting

if __name__ == "__main__":
    with error_reporting(snakemake.log[0]):
        sys.exit(main(snakemake.params.results))
