"""``python -m trtcore.profile MODEL``: the main job, the same as ``trtcore profile MODEL``."""

from __future__ import annotations

import sys

from trtcore.cli import main

if __name__ == "__main__":
    sys.exit(main(["profile", *sys.argv[1:]]))
