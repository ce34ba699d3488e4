"""``trtcore compare``: saved results, logs and other tools' files side by side, and a gate."""

from __future__ import annotations

import argparse
import sys

from trtcore.baselines import load_baseline
from trtcore.compare import compare_profiles
from trtcore.comparison import Comparison
from trtcore.errors import OptionError
from trtcore.gate import broken_conditions, parse_condition

_GATE_BROKEN = 3


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code: 3 when a condition is broken."""
    if options.top is not None and options.top < 1:
        raise OptionError(f"--top is {options.top}, must be 1 or more")
    conditions = tuple(parse_condition(text) for text in options.fail_if)
    base = load_baseline(options.base, layer_info=options.layer_info)
    news = [load_baseline(path, layer_info=options.layer_info) for path in options.new]
    comparisons = [compare_profiles(base, new, allow_partial=options.allow_partial) for new in news]
    print("\n\n".join(_render(comparison, options) for comparison in comparisons))
    broken = [line for c in comparisons for line in broken_conditions(c, conditions)]
    for line in broken:
        print(f"trtcore: {line}", file=sys.stderr)
    return _GATE_BROKEN if broken else 0


def _render(comparison: Comparison, options: argparse.Namespace) -> str:
    if options.json:
        return comparison.to_json().rstrip()
    if options.markdown:
        return comparison.to_markdown().rstrip()
    from rich.console import Console

    from trtcore.report.comparison import render_comparison

    console = Console()
    width = console.width if console.is_terminal else None
    return render_comparison(comparison, top=options.top, width=width).rstrip()
