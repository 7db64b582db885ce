"""The child of `maknet.fetch.idc`: one call of tcia_utils.idc.downloadSeries.

Reads `{"uids": [...], "endpoint": ...}` from standard input; its argument is the folder to fill.
"""

import json
import sys


def main() -> None:
    """Run the download; synchronizing is off, since it takes a dead server for "up to date"."""
    from idc_index import index
    from tcia_utils import idc

    request = json.load(sys.stdin)
    if request["endpoint"]:
        index.aws_endpoint_url = request["endpoint"]
    idc.downloadSeries(request["uids"], path=sys.argv[1], input_type="list", use_sync=False)


if __name__ == "__main__":
    main()
