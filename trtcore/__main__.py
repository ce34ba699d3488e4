"""``python -m trtcore``: the same as the ``trtcore`` command."""

from __future__ import annotations

import sys

from trtcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
