"""``python -m trtcore.compare BASE NEW``: the same as ``trtcore compare BASE NEW``."""

from __future__ import annotations

import sys

from trtcore.cli import main

if __name__ == "__main__":
    sys.exit(main(["compare", *sys.argv[1:]]))
