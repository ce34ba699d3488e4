"""The options of every command. Imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from trtcore.api.options.declaring import BUILD, CONVERSION, INSPECTION, MODEL, PROFILES
from trtcore.cli.completion import complete
from trtcore.cli.declared import add_option, add_options, api_options
from trtcore.cli.history_options import EXAMPLES, add_history_options
from trtcore.cli.own_options import PROFILE_OPTIONS, VIEW
from trtcore.report.formats import default_format, formats_help
from trtcore.result.readers.registry import readers_text
from trtcore.sweeps.declarations import SWEEP, sweep_options

_MODEL_HELP = "googlenet (built in), FILE.onnx, or FILE.prototxt (Caffe)"
_PROFILE_EXAMPLES = """\
examples:
  trtcore profile googlenet --fp16            the main job: 1000 iterations, one row per layer
  trtcore profile net.onnx --batch 8 --sort time --top 20 --save net.json
  trtcore profile net.onnx --compare fp32,fp16,half2   what each precision buys and costs
  trtcore profile net.onnx --fp16 --baseline auto      what TensorRT bought over PyTorch
  trtcore profile net.plan --iterations 500   a serialized engine
exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted, 141 the output's pipe is closed
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and which accepts no abbreviated options."""

    def __init__(self, **given: Any) -> None:
        # An abbreviation breaks in scripts as soon as a new option begins like it.
        super().__init__(**given, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses a command line; an unknown option is an error of its command.

    Args:
        arguments: without the program's name; those of this process if left out.

    Returns:
        The options; their ``command_line`` is all of it, word by word.
    """
    # parse_args would report unknown options by the top parser, whose --help does not list them.
    parser = make_parser()
    complete(parser)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.command_line = ("trtcore", *(sys.argv[1:] if arguments is None else arguments))
    return options


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``trtcore``; its ``command`` is a function of the parsed options."""
    parser = _Parser(
        prog="trtcore",
        description="Where the time of a TensorRT network goes, layer by layer.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_profile(commands)
    _add_build(commands)
    _add_inspect(commands)
    _add_convert(commands)
    _add_report(commands)
    _add_compare(commands)
    add_history_options(
        _command(commands, "history", "keep many results: trends, and a check for CI", EXAMPLES)
    )
    _add_sweep(commands)
    _add_doctor(commands)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when needed: `importlib.metadata` is slow to import."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib import metadata

        print(f"trtcore {metadata.version('trtcore')}")
        parser.exit()


_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _command(
    commands: _Commands[_Parser], name: str, help_line: str, epilog: str = ""
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help_line,
        description=help_line,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_lazy(name), parser=parser)
    parser.add_argument(
        "--debug",
        action="store_true",
        help="show the traceback of an error, and in full what it quotes",
    )
    return parser


def _lazy(name: str) -> Callable[[argparse.Namespace], int]:
    """Imports a command's module when it runs, so that ``--help`` loads no NumPy or ONNX."""

    def run(options: argparse.Namespace) -> int:
        module = importlib.import_module(f"trtcore.cli.commands.{name}")
        code: int = module.run(options)
        return code

    return run


def _add_profile(commands: _Commands[_Parser]) -> None:
    parser = _command(commands, "profile", "time every layer of a network", _PROFILE_EXAMPLES)
    parser.add_argument("model", metavar="MODEL", help=f"{_MODEL_HELP}, or FILE.plan")
    add_options(parser, (*api_options(), *PROFILE_OPTIONS), PROFILES)


def _add_build(commands: _Commands[_Parser]) -> None:
    parser = _command(commands, "build", "build an engine and say what is in it")
    parser.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    parser.add_argument("-o", "--output-file", metavar="FILE", help="write the plan to FILE")
    parser.add_argument("--layers", action="store_true", help="print every layer of the engine")
    add_options(parser, api_options(), (BUILD,))
    parser.add_argument("--quiet", action="store_true", help="no progress, no report")


def _add_inspect(commands: _Commands[_Parser]) -> None:
    parser = _command(
        commands, "inspect", "print the I/O tensors, layers, formats and tactics of an engine"
    )
    parser.add_argument("file", metavar="FILE", help="a saved result, or a plan (needs its GPU)")
    add_options(parser, api_options(), (INSPECTION,))


def _add_convert(commands: _Commands[_Parser]) -> None:
    parser = _command(commands, "convert", "write a Caffe model as ONNX")
    parser.add_argument("model", metavar="MODEL", help="FILE.prototxt, with --weights")
    parser.add_argument("-o", "--output-file", metavar="FILE", required=True, help="FILE.onnx")
    add_options(parser, api_options(), (CONVERSION,))


def _add_report(commands: _Commands[_Parser]) -> None:
    parser = _command(commands, "report", "show a saved result, or write it for other tools")
    parser.add_argument(
        "file", metavar="FILE", help="a result that --save wrote, or any file that compare reads"
    )
    parser.add_argument(
        "more", metavar="FILE", nargs="*", help="up to two more, to compare with the first: --html"
    )
    parser.add_argument("--html", metavar="OUT", help="write a page of pictures and tables to OUT")
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="go on where the models of several FILEs differ: --html",
    )
    _add_layer_info(parser)
    parser.add_argument(
        "--format",
        default=default_format(),
        metavar="FORM",
        help=formats_help(),
    )
    parser.add_argument(
        "-o", "--output-file", metavar="FILE", help="write to FILE, not to standard output"
    )
    parser.add_argument(
        "--annotate",
        metavar="FILE",
        help="write --model with the time of every node in it, for Netron, too",
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="the model that was profiled: googlenet or FILE.onnx"
    )
    table = parser.add_argument_group("table")
    for option in (*VIEW, *(one for one in api_options() if one.name == "peak")):
        add_option(table, option)


_COMPARE_EXAMPLES = """\
examples:
  trtcore compare fp32.json fp16.json
  trtcore compare caffe_time.log new.json               a pasted `caffe time` log
  trtcore compare main.json new.json --fail-if 'total > 3%' --fail-if 'layer inception_* > 10%'
exit codes: 0 done, 1 the run failed, 2 bad input, 3 a --fail-if condition is broken,
130 interrupted, 141 the output's pipe is closed
"""


def _add_layer_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--layer-info",
        metavar="FILE",
        action="append",
        default=[],
        help="trtexec's --exportLayerInfo: once for all of its profiles, or for each in their "
        "order",
    )


def _add_compare(commands: _Commands[_Parser]) -> None:
    parser = _command(
        commands, "compare", "compare results of one model, node by node", _COMPARE_EXAMPLES
    )
    kinds = readers_text().replace("%", "%%")  # argparse formats help with the % operator
    parser.add_argument("base", metavar="BASE", help=kinds)
    parser.add_argument("new", metavar="NEW", nargs="+", help="the same, each compared with BASE")
    _add_layer_info(parser)
    parser.add_argument(
        "--allow-partial", action="store_true", help="go on where the models differ"
    )
    parser.add_argument(
        "--fail-if", metavar="CONDITION", action="append", default=[], help="exit with 3 if so"
    )
    parser.add_argument("--top", type=int, metavar="K", help="print the largest K changes only")
    parser.add_argument(
        "--full-names", action="store_true", help="all nodes of a row, however long its line"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="a table for a pull request")
    form.add_argument("--json", action="store_true", help="all of it, for other tools")


_SWEEP_EXAMPLES = """\
examples:
  trtcore sweep googlenet bert.onnx --batch 1,4,16 --precision fp32,fp16 -o results
  trtcore sweep plan.toml                                    the same from a file
  trtcore sweep googlenet --batch 1,4 -o results --scheduler tcp://HOST:8786
  trtcore sweep googlenet --batch 1,4 -o results --shard 1/2      a half, without Dask
The same command goes on where an earlier one ended: what is in DIR is not measured again.
exit codes: 0 done, 1 cells have no result or the sweep failed, 2 bad input, 130 interrupted
"""
# Here they take several values, under names of their own.
_SWEEP_AXES = ("batch", "precision", "shapes", "io_formats")


def _add_sweep(commands: _Commands[_Parser]) -> None:
    parser = _command(
        commands,
        "sweep",
        "time models in many batches and precisions, on many GPUs",
        _SWEEP_EXAMPLES,
    )
    parser.add_argument(
        "models", metavar="MODEL", nargs="+", help=f"{_MODEL_HELP}; or one PLAN.toml"
    )
    parser.add_argument("-o", "--output-dir", metavar="DIR", help="folder of the results")
    axes = parser.add_argument_group("a cell for each value")
    for flag, name, metavar, text in (
        ("--batch", "batches", "N,N,...", "leading dimensions of the inputs: 1,4,16"),
        ("--precision", "precisions", "P,P,...", "precisions: fp32,fp16"),
        ("--shapes", "all_shapes", "NAME:DIMS", "input shapes; each further --shapes is a cell"),
        ("--io-format", "all_io_formats", "NAME:FORMAT", "formats of inputs and outputs; likewise"),
    ):
        axes.add_argument(flag, dest=name, metavar=metavar, action="append", default=[], help=text)
    add_options(parser, sweep_options(), (SWEEP,))
    fixed = [option for option in api_options() if option.name not in _SWEEP_AXES]
    add_options(parser, fixed, (MODEL,))
    output = parser.add_argument_group("output")
    output.add_argument("--csv", metavar="FILE", help="write a line per cell as CSV")
    output.add_argument("--json", metavar="FILE", help="write the whole table as JSON")
    output.add_argument(
        "--html",
        metavar="PAGE",
        help="write a page of pictures, and beside it a report of each cell",
    )
    output.add_argument("--quiet", action="store_true", help="no progress, no table")


def _add_doctor(commands: _Commands[_Parser]) -> None:
    parser = _command(
        commands, "doctor", "say what is installed, which backends work, and what helps"
    )
    parser.add_argument("--json", action="store_true", help="all of it, for other tools")
