"""How a job starts, logs and fails: shared by all scripts."""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maknet.errors import InputError

logger = logging.getLogger("maknet")


@contextmanager
def job(log_path: str | Path) -> Iterator[None]:
    """Run a job: log to its file and to stderr, and end bad input in one sentence and exit code 1.

    Errors that are not the user's to mend keep their traceback.
    """
    _log_to(Path(log_path))
    try:
        yield
    except InputError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        where = error.filename or os.getcwd()  # noqa: PTH109 - the text, not a path
        _fail(f"The disk is full while writing {where}; free space or set paths.data elsewhere.")


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(path, mode="w", encoding="utf-8"),
    ]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=handlers
    )


def _fail(sentence: str) -> None:
    logger.error("error: %s", sentence)
    sys.exit(1)
