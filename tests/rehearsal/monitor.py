"""What the head process, its jobs and the disk take while a run goes on, every few seconds."""

import csv
import shutil
import threading
import time
from pathlib import Path

import psutil

COLUMNS = ("time", "command", "disk_mb", "files", "head_mb", "head_cpu_s", "head_open_files",
           "jobs", "jobs_mb", "job_open_files")  # fmt: skip
_EVERY_S = 5.0


class Monitor:
    """Writes a row of `COLUMNS` every few seconds while a command runs; rows are added to a file.

    Args:
        target: CSV file; a run that was killed goes on below its rows.
        folders: The run's, on one file system, which is watched; what they hold already counts.
    """

    def __init__(self, target: Path, *folders: Path) -> None:
        self._target, disk = target, folders[0]
        self._disk = disk
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        before = _in_use(disk)
        own = [
            path.lstat() for folder in folders for path in folder.rglob("*")
        ]  # of a run that was killed
        own_bytes = sum(found.st_blocks * 512 for found in own)
        self._start = before[0] - own_bytes, before[1] - len(own)

    def watch(self, command: str, head: int) -> None:
        """Start to watch a command."""
        self._done.clear()
        self._thread = threading.Thread(target=self._watch, args=(command, head), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take a last row."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, command: str, head: int) -> None:
        new = not self._target.exists()
        self._target.parent.mkdir(parents=True, exist_ok=True)
        with self._target.open("a", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS)
            if new:
                writer.writeheader()
            while True:
                try:
                    writer.writerow({"command": command, **self._row(psutil.Process(head))})
                except psutil.Error:
                    return  # it has ended
                handle.flush()
                if self._done.wait(_EVERY_S):
                    return

    def _row(self, head: psutil.Process) -> dict[str, object]:
        used, files = _in_use(self._disk)
        memory, opened = [], [0]
        for child in head.children(recursive=True):
            try:
                memory.append(child.memory_info().rss)
                opened.append(child.num_fds())
            except psutil.Error:  # it has just ended
                continue
        times = head.cpu_times()
        return {
            "time": round(time.time(), 1), "disk_mb": (used - self._start[0]) >> 20,
            "files": files - self._start[1], "head_mb": head.memory_info().rss >> 20,
            "head_cpu_s": round(times.user + times.system, 1), "head_open_files": head.num_fds(),
            "jobs": len(memory), "jobs_mb": sum(memory) >> 20, "job_open_files": max(opened),
        }  # fmt: skip


def _in_use(folder: Path) -> tuple[int, int]:
    """Return the bytes and the files in use on the folder's file system."""
    import os

    found = os.statvfs(folder)
    return shutil.disk_usage(folder).used, found.f_files - found.f_ffree
