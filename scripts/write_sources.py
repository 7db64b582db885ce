"""Rule data_and_licenses: which data the run used, under which license, and how to cite them."""

from maknet.jobs import job
from maknet.reporting.licenses import write_sources

if __name__ == "__main__":
    with job(snakemake, "write_sources.py"):
        write_sources(
            snakemake.output.csv,
            snakemake.params.used,
            snakemake.input.known,
            snakemake.input.attribution,
            snakemake.input.receipts,
        )
