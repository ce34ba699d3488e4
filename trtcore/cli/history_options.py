"""The options of ``trtcore history``; imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse

DATABASE = "trtcore-history.db"

EXAMPLES = """\
examples:
  trtcore history add net.json --label main     keep a saved result
  trtcore history trend net --group conv1       a group's time over the runs
  trtcore history check new.json --against last:5
  trtcore history rebuild results/              make the database again from saved results
exit codes: 0 done, 1 the database could not be written, 2 bad input, 3 slower than before
"""


def add_history_options(parser: argparse.ArgumentParser) -> None:
    """Adds the subcommands of ``trtcore history`` to its parser."""
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")
    add = _action(actions, "add", "keep saved results")
    add.add_argument("files", metavar="FILE", nargs="+", help="a result that --save wrote")
    add.add_argument("--label", default="", metavar="NAME", help="such as main or a release")
    add.add_argument(
        "--commit", metavar="HASH", help="of git; that of the current folder if left out"
    )
    listed = _action(actions, "list", "list runs, the oldest first")
    listed.add_argument("--model", default="", metavar="NAME", help="of this model only")
    listed.add_argument("--label", default="", metavar="NAME", help="of this label only")
    _add_last(listed)
    show = _action(actions, "show", "print a run and the times of its groups")
    show.add_argument("number", type=int, metavar="RUN", help="its number in the list")
    trend = _action(actions, "trend", "draw the latency, or a group's time, over the runs")
    trend.add_argument("model", metavar="MODEL", help="its name in the list")
    trend.add_argument("--group", metavar="NAME", help="a group, or one of its model nodes")
    trend.add_argument("--html", metavar="PAGE", help="write a page of it, and print nothing")
    _add_last(trend)
    _add_check(_action(actions, "check", "is a result slower than earlier runs?"))
    rebuild = _action(actions, "rebuild", "make the database again from saved results")
    rebuild.add_argument("folder", metavar="DIR", help="with its subfolders")
    rebuild.add_argument(
        "--drop", action="store_true", help="also where runs are lost whose files are not in DIR"
    )


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="NEW", help="a result that --save wrote")
    parser.add_argument(
        "--against",
        required=True,
        metavar="RUNS",
        help="last:N or label:NAME (its latest 10), of the same model, options and environment",
    )
    parser.add_argument(
        "--any-environment", action="store_true", help="other GPUs, drivers and libraries too"
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=5.0,
        metavar="PERCENT",
        help="a time is the same where larger changes are excluded (5)",
    )
    parser.add_argument("--all", action="store_true", help="print groups that are the same, too")


def _add_last(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--last", type=int, default=40, metavar="N", help="the latest N runs (40); 0 for all"
    )


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_line: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_line, description=help_line)
    parser.set_defaults(parser=parser)
    parser.add_argument("--db", default=DATABASE, metavar="FILE", help=f"the database ({DATABASE})")
    # SUPPRESS: the default would undo a --debug that stands before the action.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback"
    )
    return parser
