"""Rule audit: every table and figure against its lineage."""

import sys

from maknet.audit import main
from maknet.jobs import reported_errors

if __name__ == "__main__":
    with reported_errors(snakemake.log[0]):
        sys.exit(main(snakemake.params.results))
