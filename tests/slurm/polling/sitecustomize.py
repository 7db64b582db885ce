"""On PYTHONPATH of a test's Snakemake: ask Slurm every second.

The plugin waits 10 s longer after each check that found nothing finished, to 180 s, and has no
setting for it.
"""

import asyncio
import os

if "SLURM_JOB_ID" not in os.environ:
    from snakemake_interface_executor_plugins.executors import remote

    async def sleep(_: remote.RemoteExecutor) -> None:
        await asyncio.sleep(1)

    remote.RemoteExecutor.sleep = sleep  # type: ignore[method-assign]
