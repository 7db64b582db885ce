"""The command `maknet`: label CT, audit a result, compare two runs."""

import importlib
import sys
from collections.abc import Sequence

from maknet import __version__

COMMANDS = {
    "label": "label the body parts that a CT shows, with a released network",
    "audit": "check that a result is still what its inputs, code and settings produce",
    "compare": "find where two runs part, and why",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        # Imported when it is asked for: the others do without torch.
        status: int = importlib.import_module(f"maknet.{given[0]}").main(given[1:])
        return status
    lines = ["usage: maknet COMMAND ...   (for details: maknet COMMAND --help)", ""]
    lines += [f"  {name:8} {what}" for name, what in COMMANDS.items()]
    if given and given[0] == "--version":
        lines = [f"maknet {__version__}"]
    known = not given or given[0] in ("-h", "--help", "--version")
    if not known:
        lines.insert(0, f"error: there is no command {given[0]!r}.")
    (sys.stdout if known else sys.stderr).write("\n".join(lines) + "\n")
    return 0 if known else 2


if __name__ == "__main__":
    sys.exit(main())
