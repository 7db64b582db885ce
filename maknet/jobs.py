"""How a job starts, logs and fails: shared by all scripts."""

import errno
import logging
import sys
import traceback
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
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            where = error.filename or Path.cwd()
            _fail(
                f"The disk is full while writing {where}; free space or set paths.data elsewhere."
            )
        with Path(log_path).open("a", encoding="utf-8") as log_file:
            log_file.write(traceback.format_exc())  # stderr gets it from Python itself
        raise


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(path, "w", "utf-8"),
    ]
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        handlers=handlers,
        force=True,
    )


def _fail(sentence: str) -> None:
    logger.error("error: %s", sentence)
    sys.exit(1)
