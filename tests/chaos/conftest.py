"""The finished run that the workflow tests share."""

from tests.workflow.conftest import copied, finished, snakemake  # noqa: F401 - fixtures
