"""Where the code of a run can be read: the checkout's commit, and its repository on the web."""

import re
import subprocess

from maknet.files import ROOT


def commit() -> str:
    """Return the commit of the checkout, `unknown` where the code is no checkout."""
    return _git("rev-parse", "HEAD") or "unknown"


def repository() -> str:
    """Return the web address of the checkout's origin, empty where it has none."""
    address = r"(?:https://|git@|ssh://git@)([\w.-]+)[:/]([\w./-]+?)(?:\.git)?/?"
    found = re.fullmatch(address, _git("remote", "get-url", "origin"))
    return f"https://{found[1]}/{found[2]}" if found else ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
