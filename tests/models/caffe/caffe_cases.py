"""One small net per supported layer and parameter choice, and where OpenCV departs from Caffe."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE = (2, 6, 9, 11)
MATRIX = (3, 10)


@dataclass(frozen=True)
class Case:
    """A net of one layer named ``it``.

    Attributes:
        layer: its type and parameters, in text.
        bottoms: shapes of its bottoms.
        blobs: shapes of its weights.
        tops: number of tops.
        is_positive: whether the inputs must be above 0.
        cv2_departs: why OpenCV 4.14 cannot be the oracle; NumPy from Caffe's definition is.
    """

    layer: str
    bottoms: tuple[tuple[int, ...], ...] = (IMAGE,)
    blobs: tuple[tuple[int, ...], ...] = ()
    tops: int = 1
    is_positive: bool = False
    cv2_departs: str = ""

    def __str__(self) -> str:
        return self.layer.replace('"', "")


def net_text(case, bottoms):
    """The layer over these bottoms, in text, and the names of its tops."""
    tops = ["it"] if case.tops == 1 else [f"top{i}" for i in range(case.tops)]
    blobs = "".join(f' bottom: "{name}"' for name in bottoms)
    blobs += "".join(f' top: "{name}"' for name in tops)
    return f'layer {{ name: "it" {case.layer}{blobs} }}', tops


def conv(param: str, weights: tuple[int, ...], bias: int = 0, **kwargs) -> Case:
    blobs = (weights, (bias,)) if bias else (weights,)
    no_bias = "" if bias else "bias_term: false "
    text = f'type: "Convolution" convolution_param {{ {no_bias}{param} }}'
    return Case(text, (IMAGE,), blobs, **kwargs)


def deconv(param: str, weights: tuple[int, ...], bias: int = 0, **kwargs) -> Case:
    blobs = (weights, (bias,)) if bias else (weights,)
    no_bias = "" if bias else "bias_term: false "
    text = f'type: "Deconvolution" convolution_param {{ {no_bias}{param} }}'
    return Case(text, (IMAGE,), blobs, **kwargs)


def pool(param: str, size: tuple[int, int] = (9, 11), **kwargs) -> Case:
    return Case(f'type: "Pooling" pooling_param {{ {param} }}', ((2, 3, *size),), **kwargs)


def simple(kind: str, param: str = "", **kwargs) -> Case:
    return Case(f'type: "{kind}" {param}'.strip(), **kwargs)


ROUND_MODE = "its schema has no round_mode"
NOT_THERE = "it does not have this layer"
SCALAR = "it fails on a scalar blob"
TOPS = "it counts tops by their readers"
CASES = [
    conv("num_output: 4 kernel_size: 3", (4, 6, 3, 3), 4),
    conv("num_output: 4 kernel_size: 1", (4, 6, 1, 1)),
    conv("num_output: 4 kernel_size: 3 stride: 2 pad: 1", (4, 6, 3, 3), 4),
    conv("num_output: 6 kernel_size: 3 group: 3", (6, 2, 3, 3), 6),
    conv("num_output: 6 kernel_size: 5 group: 6 pad: 2", (6, 1, 5, 5)),
    conv("num_output: 4 kernel_size: 3 dilation: 2 pad: 2", (4, 6, 3, 3), 4),
    conv(
        "num_output: 2 kernel_h: 3 kernel_w: 1 pad_h: 1 pad_w: 0 stride_h: 2 stride_w: 3",
        (2, 6, 3, 1),
        2,
    ),
    conv("num_output: 2 kernel_size: 1 kernel_size: 3 pad: 0 pad: 1", (2, 6, 1, 3), 2),
    deconv("num_output: 4 kernel_size: 3", (6, 4, 3, 3), 4),
    deconv("num_output: 4 kernel_size: 4 stride: 2 pad: 1", (6, 4, 4, 4), 4),
    deconv("num_output: 6 kernel_size: 4 stride: 2 pad: 1 group: 6", (6, 1, 4, 4)),
    deconv("num_output: 6 kernel_size: 3 stride: 3 group: 2", (6, 3, 3, 3), 6),
    deconv(
        "num_output: 2 kernel_size: 3 dilation: 2",
        (6, 2, 3, 3),
        2,
        cv2_departs="it leaves dilation out of the size",
    ),
    deconv("num_output: 2 kernel_h: 2 kernel_w: 5 stride_h: 2 stride_w: 1", (6, 2, 2, 5), 2),
    *(
        pool(f"pool: {method} {window}", size, cv2_departs=departs)
        for method in ("MAX", "AVE")
        for window, size, departs in (
            ("kernel_size: 2 stride: 2", (8, 8), ""),
            ("kernel_size: 2 stride: 2", (9, 11), ""),
            ("kernel_size: 3 stride: 2", (8, 11), ""),
            ("kernel_size: 3 stride: 1 pad: 1", (7, 5), ""),
            ("kernel_size: 3 stride: 2 pad: 1", (8, 9), ""),
            ("kernel_size: 2 stride: 2 pad: 1", (5, 6), ""),
            ("kernel_size: 5 stride: 3 pad: 2", (9, 10), ""),
            ("kernel_size: 3 stride: 4 pad: 1", (10, 13), ""),
            ("kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0", (9, 7), ""),
            ("kernel_size: 3 pad_h: 1", (9, 7), "it wants both pad_h and pad_w"),
            ("kernel_size: 7 stride: 1", (7, 7), ""),
            ("global_pooling: true", (5, 7), ""),
            ("kernel_size: 3 stride: 2 round_mode: FLOOR", (8, 10), ROUND_MODE),
            ("kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR", (8, 10), ROUND_MODE),
        )
    ),
    Case('type: "InnerProduct" inner_product_param { num_output: 5 }', (IMAGE,), ((5, 594), (5,))),
    Case(
        'type: "InnerProduct" inner_product_param { num_output: 5 bias_term: false }',
        (MATRIX,),
        ((5, 10),),
    ),
    Case(
        'type: "InnerProduct" inner_product_param { num_output: 5 axis: 3 }',
        (IMAGE,),
        ((5, 11), (5,)),
    ),
    Case(
        'type: "InnerProduct" inner_product_param { num_output: 4 axis: -2 }',
        (IMAGE,),
        ((4, 99), (4,)),
    ),
    Case(
        'type: "InnerProduct" inner_product_param { num_output: 5 transpose: true }',
        (MATRIX,),
        ((10, 5), (5,)),
        cv2_departs="it ignores transpose",
    ),
    simple("ReLU"),
    simple("ReLU", "relu_param { negative_slope: 0.1 }"),
    simple("PReLU", blobs=((6,),)),
    simple(
        "PReLU",
        "prelu_param { channel_shared: true }",
        blobs=((),),
        cv2_departs=SCALAR,
    ),
    simple("ELU"),
    simple("ELU", "elu_param { alpha: 0.3 }"),
    simple("Sigmoid"),
    simple("TanH"),
    simple("AbsVal"),
    simple("BNLL"),
    simple("Clip", "clip_param { min: -0.5 max: 0.7 }", cv2_departs=NOT_THERE),
    simple("Threshold", cv2_departs=NOT_THERE),
    simple("Threshold", "threshold_param { threshold: 0.4 }", cv2_departs=NOT_THERE),
    simple("Swish"),
    simple("Swish", "swish_param { beta: 1.7 }", cv2_departs="it ignores beta"),
    simple("Power", "power_param { scale: 2 }"),
    simple("Power", "power_param { shift: -1.5 }"),
    simple("Power", "power_param { power: 2 scale: 0.5 shift: 3 }"),
    simple("Power", "power_param { power: -0.75 shift: 1 }", is_positive=True),
    simple("Power", "power_param { power: 0 }"),
    simple("Exp"),
    simple("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }"),
    simple("Exp", "exp_param { shift: -1 }"),
    simple("Log", is_positive=True),
    simple(
        "Log",
        "log_param { base: 10 scale: 2 shift: 1 }",
        is_positive=True,
        cv2_departs="it ignores base, scale and shift",
    ),
    simple("LRN", cv2_departs="its default alpha is 0.0001"),
    simple("LRN", "lrn_param { alpha: 1 }"),
    simple("LRN", "lrn_param { local_size: 3 alpha: 0.2 beta: 0.5 }"),
    simple("LRN", "lrn_param { alpha: 0.3 k: 2 }", cv2_departs="it takes k for 1"),
    simple("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 1 }"),
    simple("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 5 alpha: 2 beta: 0.6 }"),
    simple("BatchNorm", blobs=((6,), (6,), (1,))),
    simple("BatchNorm", "batch_norm_param { eps: 0.1 }", blobs=((6,), (6,), (1,))),
    simple("BatchNorm", bottoms=(MATRIX,), blobs=((10,), (10,), (1,))),
    simple("Scale", blobs=((6,),)),
    simple("Scale", "scale_param { bias_term: true }", blobs=((6,), (6,))),
    simple("Scale", "scale_param { axis: 2 num_axes: 2 }", blobs=((9, 11),)),
    simple("Scale", "scale_param { num_axes: -1 bias_term: true }", blobs=((6, 9, 11),) * 2),
    simple(
        "Scale",
        "scale_param { axis: -2 bias_term: true }",
        blobs=((9,), (9,)),
        cv2_departs="it fails on a negative axis",
    ),
    simple(
        "Scale", "scale_param { num_axes: 0 bias_term: true }", blobs=((), ()), cv2_departs=SCALAR
    ),
    simple("Scale", "scale_param { axis: 0 }", bottoms=(IMAGE, (2, 6))),
    simple(
        "Scale",
        "scale_param { bias_term: true }",
        bottoms=(IMAGE, (6, 9)),
        blobs=((6, 9),),
        cv2_departs="it takes the only blob for the factor",
    ),
    simple("Scale", bottoms=(IMAGE, (6, 9, 11)), cv2_departs="its version 4.10 computes otherwise"),
    simple("Bias", blobs=((6,),), cv2_departs=NOT_THERE),
    simple("Bias", "bias_param { axis: 0 num_axes: 2 }", blobs=((2, 6),), cv2_departs=NOT_THERE),
    simple("Bias", bottoms=(IMAGE, (6,)), cv2_departs=NOT_THERE),
    simple("MVN"),
    simple("MVN", "mvn_param { normalize_variance: false }"),
    simple(
        "MVN",
        "mvn_param { across_channels: true eps: 0.5 }",
        cv2_departs="it has eps inside the root",
    ),
    simple("MVN", "mvn_param { across_channels: true }"),
    simple("Normalize", blobs=((),), cv2_departs=SCALAR),
    simple(
        "Normalize", "norm_param { across_spatial: false channel_shared: false }", blobs=((6,),)
    ),
    simple(
        "Normalize",
        "norm_param { channel_shared: false eps: 2 }",
        blobs=((6,),),
        cv2_departs="it takes one scale across_spatial",
    ),
    *(
        simple("Eltwise", param, bottoms=(IMAGE,) * count)
        for param, count in (
            ("", 2),
            ("", 3),
            ("eltwise_param { operation: SUM coeff: 1 coeff: -1 }", 2),
            ("eltwise_param { coeff: 0.5 coeff: 2 coeff: -3 }", 3),
            ("eltwise_param { operation: PROD }", 2),
            ("eltwise_param { operation: PROD }", 4),
            ("eltwise_param { operation: MAX }", 3),
        )
    ),
    simple("Concat", bottoms=(IMAGE, (2, 1, 9, 11), (2, 3, 9, 11))),
    simple("Concat", "concat_param { axis: -1 }", bottoms=(IMAGE, (2, 6, 9, 2))),
    simple(
        "Concat",
        "concat_param { concat_dim: 0 }",
        bottoms=(MATRIX, MATRIX),
        cv2_departs="it ignores concat_dim",
    ),
    simple("Slice", tops=3, cv2_departs=TOPS),
    simple("Slice", "slice_param { axis: 3 slice_point: 2 slice_point: 3 }", tops=3),
    simple("Slice", "slice_param { slice_dim: 0 }", tops=2, cv2_departs=TOPS),
    simple("Softmax"),
    simple("Softmax", "softmax_param { axis: -1 }"),
    simple("Softmax", bottoms=(MATRIX,)),
    simple("Flatten"),
    simple("Flatten", "flatten_param { axis: 2 }"),
    simple("Flatten", "flatten_param { axis: 0 end_axis: 1 }"),
    simple("Flatten", "flatten_param { axis: 1 end_axis: -2 }"),
    simple("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"),
    simple("Reshape", "reshape_param { shape { dim: 0 dim: 3 dim: 2 dim: 0 dim: -1 } }"),
    simple("Reshape", "reshape_param { shape { dim: 3 dim: 2 } axis: 1 num_axes: 1 }"),
    simple(
        "Reshape",
        "reshape_param { shape { dim: 1 } axis: -1 num_axes: 0 }",
        cv2_departs="it fails on this axis",
    ),
    simple("Crop", bottoms=(IMAGE, (2, 6, 5, 7))),
    simple("Crop", "crop_param { offset: 2 }", bottoms=(IMAGE, (1, 1, 5, 7))),
    simple("Crop", "crop_param { offset: 1 offset: 3 }", bottoms=(IMAGE, (1, 1, 5, 7))),
    simple(
        "Crop",
        "crop_param { axis: 1 offset: 2 offset: 0 offset: 4 }",
        bottoms=(IMAGE, (2, 3, 9, 7)),
    ),
    simple("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }"),
    simple(
        "Permute",
        "permute_param { order: 1 }",
        cv2_departs="it wants every axis in the order",
    ),
    simple("Tile", "tile_param { tiles: 3 }", cv2_departs=NOT_THERE),
    simple("Tile", "tile_param { axis: -1 tiles: 2 }", cv2_departs=NOT_THERE),
    simple("ArgMax", bottoms=(MATRIX,), cv2_departs=NOT_THERE),
    simple("ArgMax", "argmax_param { top_k: 3 }", cv2_departs=NOT_THERE),
    simple("ArgMax", "argmax_param { top_k: 2 out_max_val: true }", cv2_departs=NOT_THERE),
    simple("ArgMax", "argmax_param { axis: 1 }", cv2_departs=NOT_THERE),
    simple("ArgMax", "argmax_param { axis: -1 top_k: 4 out_max_val: true }", cv2_departs=NOT_THERE),
    simple("Reduction", cv2_departs=NOT_THERE),
    simple(
        "Reduction", "reduction_param { operation: ASUM axis: 1 coeff: 0.5 }", cv2_departs=NOT_THERE
    ),
    simple("Reduction", "reduction_param { operation: SUMSQ axis: -1 }", cv2_departs=NOT_THERE),
    simple(
        "Reduction", "reduction_param { operation: MEAN axis: 2 coeff: 3 }", cv2_departs=NOT_THERE
    ),
]
