"""Rules about types and formats: each fires on one case, and on none beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from findings_evidence import convolution, found, profile_of

from trtcore.result.analysis.findings.finding import FindingKind
from trtcore.result.analysis.reconciliation.reconcile import RESOLUTION_MS
from trtcore.result.records.build import (
    Build,
    KeptNodes,
    LayerPrecision,
    PrecisionCheck,
    PrecisionVerdict,
)
from trtcore.result.records.layers import Layer, TensorInfo
from trtcore.result.records.peaks import Peaks, PeakSource, ProductPeak
from trtcore.result.records.profile import Profile

CONV, NODE = convolution(0)
WORK = 1 - RESOLUTION_MS  # of a layer of 1 ms, what is not its start
NHWC = replace(CONV.inputs[0], name="t0.nhwc", format="nhwc")


def with_move(before: TensorInfo, after: TensorInfo, ms: float = 0.5) -> Profile:
    """A reformat of the network's input before a convolution of 1 ms."""
    move = Layer("__myl_Move_myl0_0", "kgen", inputs=(before,), outputs=(after,))
    layers = (move, replace(CONV, inputs=(after,)))
    profile = profile_of([(CONV, NODE)], [1.0])
    return replace(profile_of([(layer, NODE) for layer in layers], [ms, 1.0]),
                   model=profile.model)  # fmt: skip


def test_a_reformat_of_an_input_names_the_format_that_leaves_it_out() -> None:
    finding = found(with_move(CONV.inputs[0], NHWC), FindingKind.IO_REFORMAT)
    assert finding is not None
    assert finding.names[:2] == ("io_formats", "t0:hwc8")
    assert finding.numbers == pytest.approx((1, 0.5))
    assert finding.saves_ms == pytest.approx(0.5)


@pytest.mark.parametrize(
    "more",
    [
        # TensorRT-RTX 1.6 wants NHWC for the first convolution of ResNet-50 in FP32, too.
        {"dtype": "Float"},
        {"shape": (4, 64)},
        {"format": "hwc8"},
    ],
    ids=["type", "dimensions", "has it"],
)
def test_a_format_that_an_input_cannot_have_or_has_is_not_named(more: dict[str, Any]) -> None:
    after = replace(NHWC, **{k: v for k, v in more.items() if k != "format"})
    profile = with_move(replace(CONV.inputs[0], **more), after)
    assert found(profile, FindingKind.IO_REFORMAT) is None
    finding = found(profile, FindingKind.REFORMAT)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(0.5)


def test_a_cast_of_an_input_names_the_type() -> None:
    wide = replace(CONV.inputs[0], dtype="Float")
    finding = found(with_move(wide, replace(NHWC, format="linear")), FindingKind.IO_REFORMAT)
    assert finding is not None
    assert finding.names[:2] == ("io_precision", "fp16")


def test_a_reformat_of_a_hundredth_is_not_worth_a_word() -> None:
    profile = with_move(CONV.inputs[0], NHWC, ms=0.005)
    assert found(profile, FindingKind.IO_REFORMAT) is None
    assert found(profile, FindingKind.REFORMAT) is None


def test_casts_of_a_runtime_that_lacks_kernels_are_no_finding() -> None:
    profile = with_move(CONV.inputs[0], NHWC)
    unfused = replace(profile, backend="onnxruntime")
    for kind in (FindingKind.IO_REFORMAT, FindingKind.REFORMAT):
        assert found(unfused, kind) is None


def test_a_reformat_inside_is_found_without_an_option() -> None:
    first, second = convolution(0), convolution(1)
    moved = replace(first[0].outputs[0], name="t1.nhwc", format="nhwc")
    move = Layer("__myl_Move_myl0_1", "kgen", inputs=first[0].outputs, outputs=(moved,))
    after = replace(second[0], inputs=(moved,))
    profile = profile_of([first, (move, second[1]), (after, second[1])], [1.0, 0.5, 1.0])
    profile = replace(profile, model=profile_of([first, second], [1.0, 1.0]).model)
    finding = found(profile, FindingKind.REFORMAT)
    assert finding is not None
    assert finding.numbers == pytest.approx((1, 0.5, 0.2))
    assert found(profile, FindingKind.IO_REFORMAT) is None


@pytest.mark.parametrize(
    ("sizes", "op", "is_padding"),
    [
        ((197, 198), "MatMul", True),
        ((50258, 50257), "MatMul", True),
        ((197, 256), "MatMul", False),  # more than a tile: no padding
        ((196, 197), "Concat", False),  # the class token, which the model itself puts there
    ],
)
def test_a_size_that_is_padded_for_a_product_is_no_change_of_format(
    sizes: tuple[int, int], op: str, is_padding: bool
) -> None:
    first, second = convolution(0), convolution(1)
    before, after = (
        TensorInfo(name, (1, 64, 8, size), "Half")
        for name, size in zip(("t1", "t1.padded"), sizes, strict=True)
    )
    move = Layer("__myl_MoveConc_myl0_1", "kgen", ("c1",), inputs=(before,), outputs=(after,))
    later = replace(second[0], inputs=(after,))
    parts = [first, (move, second[1]), (later, second[1])]
    profile = profile_of(parts, [1.0, 0.5, 1.0])
    nodes = (first[1], replace(second[1], op=op))
    profile = replace(profile, model=replace(profile.model, nodes=nodes))
    finding = found(profile, FindingKind.PADDING)
    assert (finding is not None) == is_padding
    if finding is not None:
        assert finding.numbers == pytest.approx((1, 0.5, 0.2, *sizes))
        assert (finding.saves_ms, finding.names) == (pytest.approx(0.5), ("c1",))
        assert found(profile, FindingKind.REFORMAT) is None


NONE_KEPT = KeptNodes()


def checked(dtype: str, kept: KeptNodes = NONE_KEPT, **row: object) -> Profile:
    """Two convolutions, the second of which computes in this type where FP16 was requested."""
    parts = [convolution(0), convolution(1)]
    rows = (LayerPrecision("layer 1", "correlation", dtype, ("c1",), **row),)  # type: ignore[arg-type]
    check = PrecisionCheck("fp16", "Half", PrecisionVerdict.MET, fallbacks=rows, kept=kept)
    return profile_of(parts, [1.0, 1.0], build=Build("rtx", 1.0, 1, precision=check))


def test_a_fallback_of_what_memory_bounds_costs_half_of_its_time() -> None:
    profile = checked("Float")
    first, second = profile.layers
    profile = replace(profile, layers=(first, replace(second, kind="kgen")))
    finding = found(profile, FindingKind.FALLBACK)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(0.5 * WORK)
    assert found(checked("Float"), FindingKind.PINNED) is None


def test_the_start_of_a_layer_is_not_halved() -> None:
    """13 normalizations of ViT in FP32, 2.5 us each on an H200: 2 us of them stay."""
    profile = checked("Float")
    short = replace(profile.samples, layer_ms=np.full((1, 2), 0.0025, np.float32))
    layers = tuple(replace(layer, kind="kgen") for layer in profile.layers)
    finding = found(replace(profile, samples=short, layers=layers), FindingKind.FALLBACK)
    assert finding is not None
    assert finding.saves_ms == pytest.approx((0.0025 - RESOLUTION_MS) / 2, rel=1e-3)
    shorter = replace(short, layer_ms=np.full((1, 2), 0.0019, np.float32))
    assert found(replace(profile, samples=shorter), FindingKind.FALLBACK) is None


def peaks(**tflops: float) -> Peaks:
    return Peaks(PeakSource.GIVEN, tuple(ProductPeak(name, rate) for name, rate in tflops.items()))


@pytest.mark.parametrize(
    ("known", "saves_ms"),
    [
        (None, 15 / 16),
        (peaks(fp32=150.0, fp16=600.0), 0.75),
        (peaks(fp32=600.0, fp16=600.0), 0.5),
        (peaks(fp16=600.0), 15 / 16),
    ],
    ids=["no peaks", "both", "the same", "one"],
)
def test_a_fallback_of_a_product_costs_what_the_peaks_say(
    known: Peaks | None, saves_ms: float
) -> None:
    finding = found(replace(checked("Float"), peaks=known), FindingKind.FALLBACK)
    assert finding is not None
    assert finding.saves_ms == pytest.approx(saves_ms * WORK)
    assert finding.names == ("Float", "Half", "c1")
    assert finding.numbers == pytest.approx((1, 1.0, 0.5))
    assert found(checked("Float"), FindingKind.PINNED) is None


@pytest.mark.parametrize("kept", [KeptNodes(seen=("c1",)), KeptNodes(hidden=("c1",))], ids=str)
def test_what_the_user_keeps_in_fp32_is_told_apart(kept: KeptNodes) -> None:
    finding = found(checked("Float", kept, is_requested=True), FindingKind.PINNED)
    assert finding is not None
    assert finding.names == ("Float", "Half", "c1")
    assert finding.layers == (1,)
    assert found(checked("Float", kept, is_requested=True), FindingKind.FALLBACK) is None
    # Fused with nodes that nobody keeps: nothing was requested of the layer as a whole.
    assert found(checked("Float", kept), FindingKind.FALLBACK) is None


def test_nodes_kept_behind_fused_casts_are_found_without_a_fallback() -> None:
    profile = checked("BFloat16", KeptNodes(hidden=("c1",)))
    finding = found(profile, FindingKind.PINNED)
    assert finding is not None
    assert finding.numbers == pytest.approx((1, 1.0, 0.5))


def test_nodes_kept_where_fp32_was_requested_cost_nothing() -> None:
    profile = checked("Float", KeptNodes(seen=("c1",)))
    assert profile.build is not None
    assert profile.build.precision is not None
    check = replace(profile.build.precision, asked="fp32", wanted="Float", fallbacks=())
    profile = replace(profile, build=replace(profile.build, precision=check))
    assert found(profile, FindingKind.PINNED) is None


@pytest.mark.parametrize("profile", [checked("BFloat16"), checked("Float", is_fp32_only=True)])
def test_no_fallback_where_no_width_or_no_choice_is_lost(profile: Profile) -> None:
    assert found(profile, FindingKind.FALLBACK) is None
    assert found(profile, FindingKind.PINNED) is None


def test_quantizing_alone_is_found_and_beside_other_work_is_not() -> None:
    first, second = convolution(0), convolution(1)
    narrow = replace(first[0].outputs[0], dtype="Int8")
    quantize = (replace(first[0], kind="kgen", outputs=(narrow,)),
                replace(first[1], op="QuantizeLinear", name="q"))  # fmt: skip
    quantize = (replace(quantize[0], nodes=("q",)), quantize[1])
    product = (replace(second[0], inputs=(narrow,), constant_types=("Int8",)), second[1])
    finding = found(profile_of([quantize, product], [0.5, 1.0]), FindingKind.QUANTIZATION)
    assert finding is not None
    assert finding.numbers == pytest.approx((1, 0.5, 1 / 3))
    relu = (quantize[0], replace(quantize[1], op="Relu"))
    assert found(profile_of([relu, product], [0.5, 1.0]), FindingKind.QUANTIZATION) is None
