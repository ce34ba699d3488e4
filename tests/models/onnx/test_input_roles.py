"""What a graph does with its inputs, and the values that make sense for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from networks import read_graph
from onnx import parser
from precision_models import model_of, run
from transformer_models import CASES, VOCABULARY

from trtcore.errors import OptionError
from trtcore.models.inputs import InputRole, Kind
from trtcore.models.load import load_model
from trtcore.models.onnx.input_roles import input_roles, make_model_inputs

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
IDS = {"input_ids": InputRole(Kind.TOKENS, VOCABULARY)}
MASK = {"attention_mask": InputRole(Kind.MASK, 2)}
ROLES = {
    "bert": IDS | MASK | {"token_type_ids": InputRole(Kind.TOKEN_TYPES, 2)},
    "gpt2_legacy": IDS | MASK,
    "gpt2_dynamo": IDS | MASK,
    "gpt2_matrix": IDS,
    "decoder": IDS | MASK | {"position_ids": InputRole(Kind.POSITIONS, 64)},
    "t5": IDS | MASK,
    "vit": {},
    "swin": {},
}


@pytest.mark.parametrize("name", CASES)
def test_transformers(name: str) -> None:
    model = CASES[name].model()
    assert input_roles(model) == ROLES[name]
    feeds = make_model_inputs(model)
    assert all(np.isfinite(output).all() for output in run(model, feeds))
    if "attention_mask" in feeds:
        assert (feeds["attention_mask"] == 1).all()
    if "position_ids" in feeds:
        np.testing.assert_array_equal(feeds["position_ids"], [[0, 1, 2, 3, 4]])
    if "token_type_ids" in feeds:
        np.testing.assert_array_equal(feeds["token_type_ids"], [[0] * 6 + [1] * 6])


def test_bert_as_pytorch_exports_it() -> None:
    model = load_model(read_graph("bert_base"))
    roles = {"ids": InputRole(Kind.TOKENS, 30522), "mask": InputRole(Kind.MASK, 2)}
    assert input_roles(model) == roles
    feeds = make_model_inputs(model, seed=3)
    assert feeds["ids"].min() >= 0
    assert 8 < feeds["ids"].max() < 30522
    assert not np.array_equal(feeds["ids"], make_model_inputs(model, seed=4)["ids"])


INDEXED = {
    "a short table": ("y = Gather (table, ids)", 5),
    "another axis": ("y = Gather <axis = 1> (table, ids)", 3),
    "the smaller of two tables": (
        "a = Gather (big, ids) b = Gather (table, ids) y = Add (a, b)",
        5,
    ),
    "behind a cast and a shape": (
        "c = Cast <to = 6> (ids) f = Flatten (c) y = Gather (table, f)",
        5,
    ),
    "shifted up": ("s = Add (ids, two) y = Gather (table, s)", 3),
    "shifted down": ("s = Sub (ids, two) y = Gather (table, s)", 7),
    "elements": ("y = GatherElements (table, ids)", 5),
    "a table that the graph fills": (
        "z = Constant <value_ints = [6, 3]> () t = ConstantOfShape (z) y = Gather (t, ids)",
        6,
    ),
}


@pytest.mark.parametrize("way", INDEXED)
def test_indices_stay_within_their_table(way: str) -> None:
    nodes, below = INDEXED[way]
    text = f"{HEAD} g (int64[5,3] ids) => (float y)"
    text += f"<float[5,3] table, float[9,3] big, int64 two = {{2}}> {{ {nodes} }}"
    model = model_of(text)
    assert input_roles(model) == {"ids": InputRole(Kind.TOKENS, below)}
    for seed in range(5):
        run(model, make_model_inputs(model, seed=seed))


NO_ROLE = {
    "arithmetic": "float[2,3] x, int64[2,3] n => c = Cast <to = 1> (n) y = Max (x, c)",
    "a branch": "float[2,3] x, bool n => y = If (n) <"
    "then_branch = a () => (float[2,3] t) { t = Abs (x) },"
    "else_branch = b () => (float[2,3] e) { e = Neg (x) }>",
    "floats only": "float[2,3] x, float[2,3] n => y = Mul (x, n)",
}


@pytest.mark.parametrize("use", NO_ROLE)
def test_what_the_graph_does_not_tell(use: str) -> None:
    inputs, nodes = NO_ROLE[use].split(" => ", 1)
    model = load_model(parser.parse_model(f"{HEAD} g ({inputs}) => (float y) {{ {nodes} }}"))
    assert input_roles(model) == {}


def test_a_boolean_mask_is_true_everywhere() -> None:
    text = f"{HEAD} g (float[2,3] x, bool[2,3] m) => (float y) <float c = {{-1e9}}>"
    model = load_model(parser.parse_model(f"{text} {{ y = Where (m, x, c) }}"))
    assert make_model_inputs(model)["m"].tolist() == [[True] * 3] * 2


def test_indices_of_a_file_that_no_table_has_are_refused(tmp_path: Path) -> None:
    model = CASES["gpt2_matrix"].model()
    path = tmp_path / "ids.npz"
    ids = np.arange(12)[None]
    np.savez(path, input_ids=ids - 1)
    np.testing.assert_array_equal(make_model_inputs(model, path)["input_ids"], ids - 1)
    for wrong in (101, -102):
        np.savez(path, input_ids=np.where(ids == 5, wrong, ids))
        with pytest.raises(OptionError) as error:
            make_model_inputs(model, path)
        assert str(error.value) == (
            f"{path}: 'input_ids' holds {wrong}, but the table that it indexes has 101 rows: "
            "0 to 100"
        )
