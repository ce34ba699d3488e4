"""A new option is one declaration, and the place that follows it: nothing else lists options."""

from __future__ import annotations

import pytest

import trtcore
from trtcore.api.options.declarations import Declarations
from trtcore.api.options.declaring import MODEL, Option, Use
from trtcore.api.options.value_types import WHOLE
from trtcore.api.options.values import Options
from trtcore.cli import main
from trtcore.cli.arguments import parse_arguments
from trtcore.errors import OptionError

TOY = Option(
    name="toy_count",
    default=None,
    type=WHOLE,
    about="a toy of an engine",
    help="how many toys to run with",
    metavar="N",
    flag="--toys",
    least=1,
    use=Use((MODEL,), "run", needs_engine=True),
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Declarations, "declared", (*Declarations.declared, TOY))


def test_the_parser_reads_it() -> None:
    assert parse_arguments(["profile", "net.onnx", "--toys", "3"]).toy_count == 3
    assert parse_arguments(["profile", "net.onnx"]).toy_count is None


def test_help_shows_it_for_the_commands_that_follow_it(capsys: pytest.CaptureFixture[str]) -> None:
    for command, is_there in (("profile", True), ("build", False), ("inspect", False)):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        text = capsys.readouterr().out
        assert ("--toys N" in text) is is_there
        assert ("how many toys to run with" in text) is is_there


def test_what_follows_it_finds_its_value() -> None:
    assert vars(Options(toy_count=3))["toy_count"] == 3  # type: ignore[call-arg]
    assert vars(Options())["toy_count"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"toy_cont": 3}, "there is no option 'toy_cont': did you mean toy_count?"),
        ({"toy_count": "x"}, "toy_count is 'x', expected a whole number, or None"),
        ({"toy_count": 0}, "toy_count is 0, must be 1 or more"),
        (
            {"toy_count": 3, "backend": "onnxruntime"},
            "toy_count=3 (a toy of an engine) has no effect with backend='onnxruntime', which "
            "builds no engine: leave it out",
        ),
    ],
    ids=["misspelt", "type", "least", "backend"],
)
def test_the_api_checks_it(given: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as error:
        trtcore.profile_model("googlenet", **given)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("net.onnx", "--toys", "0"), "--toys is 0, must be 1 or more"),
        (
            ("net.onnx", "--toys", "3", "--backend", "onnxruntime"),
            "--toys 3 (a toy of an engine) has no effect with --backend onnxruntime, which builds "
            "no engine: leave it out",
        ),
        (
            ("net.plan", "--toys", "3"),
            "--toys 3 (a toy of an engine) has no effect for a plan, which is built already: leave "
            "it out",
        ),
    ],
    ids=["least", "backend", "plan"],
)
def test_the_command_line_refuses_it(
    given: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", *given]) == 2
    assert capsys.readouterr().err == f"trtcore: error: {message}\n"
