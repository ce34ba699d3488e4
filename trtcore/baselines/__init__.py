"""What a profile can be compared with: results of this tool and the output of others."""

from __future__ import annotations

from trtcore.baselines.load import load_baseline, load_baselines

__all__ = ["load_baseline", "load_baselines"]
