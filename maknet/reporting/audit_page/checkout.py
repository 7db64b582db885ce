"""Where the code of a run can be read: the checkout's commit, and its repository on the web."""

import re

from maknet.files import ROOT
from maknet.provenance.environment import git


def commit() -> str:
    """Return the commit of the checkout, `unknown` where the code is no checkout."""
    return git(ROOT, "rev-parse", "HEAD") or "unknown"


def repository() -> str:
    """Return the web address of the checkout's origin, empty where it has none."""
    address = r"(?:https://|git@|ssh://git@)([\w.-]+)[:/]([\w./-]+?)(?:\.git)?/?"
    found = re.fullmatch(address, git(ROOT, "remote", "get-url", "origin") or "")
    return f"https://{found[1]}/{found[2]}" if found else ""
