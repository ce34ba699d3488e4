"""One small net per layer type and parameter choice of Caffe's forks; see `caffe_cases`."""

from __future__ import annotations

from caffe_cases import CASES, IMAGE, NOT_THERE, Case, pool, simple

NO_FIELD = "its schema does not have the parameters"
SSD_IMAGE = (2, 3, 60, 80)
FOUR = "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2"


def prior(param: str, **kwargs) -> Case:
    bottoms = ((2, 4, 3, 5), SSD_IMAGE)
    return Case(f'type: "PriorBox" prior_box_param {{ {param} }}', bottoms, **kwargs)


def depthwise(kind: str, param: str, weights: tuple[int, ...], bias: int = 6, **kwargs) -> Case:
    blobs = (weights, (bias,)) if bias else (weights,)
    no_bias = "" if bias else "bias_term: false "
    text = f'type: "{kind}" convolution_param {{ {no_bias}{param} }}'
    return Case(text, (IMAGE,), blobs, **kwargs)


FORK_CASES = [
    *(
        pool(f"pool: {method} kernel_size: 3 stride: 2 {param}", (8, 10))
        for method in ("MAX", "AVE")
        for param in ("ceil_mode: false", "ceil_mode: true", "pad: 1 ceil_mode: false")
    ),
    depthwise("ConvolutionDepthwise", "num_output: 6 kernel_size: 3 pad: 1", (6, 1, 3, 3)),
    depthwise("ConvolutionDepthwise", "num_output: 6 kernel_size: 3 stride: 2", (6, 1, 3, 3), 0),
    depthwise(
        "DepthwiseConvolution",
        "num_output: 6 kernel_size: 3 group: 6",
        (6, 1, 3, 3),
        cv2_departs=NOT_THERE,
    ),
    depthwise(
        "DepthwiseConvolution",
        "num_output: 12 kernel_size: 3 dilation: 2",
        (12, 1, 3, 3),
        12,
        cv2_departs=NOT_THERE,
    ),
    Case(
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 hole: 2 }',
        (IMAGE,),
        ((4, 6, 3, 3), (4,)),
        cv2_departs=NO_FIELD,
    ),
    Case(
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 hole_h: 3 hole_w: 1}',
        (IMAGE,),
        ((4, 6, 3, 3), (4,)),
        cv2_departs=NO_FIELD,
    ),
    simple("ReLU6"),
    simple("Mish"),
    simple("HardSwish"),
    simple("HSwish", cv2_departs=NOT_THERE),
    simple("BatchNorm", blobs=((6,), (6,), (1,), (6,), (6,)), cv2_departs="it takes three blobs"),
    simple(
        "BatchNorm",
        "batch_norm_param { scale_bias: true eps: 1e-7 scale_filler { value: 1 } }",
        blobs=((6,), (6,), (1,), (1, 6, 1, 1), (1, 6, 1, 1)),
        cv2_departs=NO_FIELD,
    ),
    simple(
        "BN",
        "bn_param { bn_mode: INFERENCE scale_filler { value: 1 } }",
        blobs=((1, 6, 1, 1),) * 2,
        cv2_departs=NOT_THERE,
    ),
    simple("BN", blobs=((6,),) * 4, cv2_departs=NOT_THERE),
    simple(
        "BN",
        "bn_param { eps: 0.1 frozen: true momentum: 0.95 slope_filler { value: 1 } }",
        blobs=((1, 6, 1, 1),) * 4,
        cv2_departs=NOT_THERE,
    ),
    simple("BN", "bn_param { var_eps: 0.2 }", blobs=((6,),) * 4, cv2_departs=NOT_THERE),
    simple("Interp", "interp_param { height: 17 width: 6 }", cv2_departs=NO_FIELD),
    simple("Interp", "interp_param { zoom_factor: 3 }", cv2_departs=NO_FIELD),
    simple("Interp", "interp_param { shrink_factor: 2 }", cv2_departs=NO_FIELD),
    simple("Interp", "interp_param { shrink_factor: 3 zoom_factor: 2 }", cv2_departs=NO_FIELD),
    simple(
        "Interp", "interp_param { zoom_factor: 2 pad_beg: -1 pad_end: -2 }", cv2_departs=NO_FIELD
    ),
    simple("Interp", "interp_param { zoom_factor: 1 pad_beg: -2 }", cv2_departs=NO_FIELD),
    simple("Interp", "interp_param { height: 1 width: 4 }", cv2_departs=NO_FIELD),
    simple("Reorg", "reorg_param { stride: 2 }", bottoms=((2, 8, 6, 4),), cv2_departs=NO_FIELD),
    simple("Reorg", "reorg_param { stride: 3 }", bottoms=((1, 9, 6, 3),), cv2_departs=NO_FIELD),
    simple(
        "Reorg",
        "reorg_param { stride: 2 reverse: true }",
        bottoms=((2, 8, 3, 5),),
        cv2_departs=NO_FIELD,
    ),
    simple("ShuffleChannel", "shuffle_channel_param { group: 2 }", cv2_departs=NO_FIELD),
    simple("ShuffleChannel", "shuffle_channel_param { group: 3 }", cv2_departs=NO_FIELD),
    simple("Axpy", bottoms=((2, 6, 1, 1), IMAGE, IMAGE), cv2_departs="it wants 5 axes"),
    simple("Axpy", bottoms=((2, 6), IMAGE, IMAGE), cv2_departs="it wants 5 axes"),
    simple(
        "Transpose",
        "transpose_param { dim: 3 dim: 0 dim: 1 dim: 2 }",
        cv2_departs=NO_FIELD,
    ),
    prior(f"min_size: 10 max_size: 20 aspect_ratio: 2 aspect_ratio: 3 clip: false {FOUR}"),
    prior("min_size: 8 aspect_ratio: 2 flip: false clip: true variance: 0.3"),
    prior("min_size: 8 aspect_ratio: 0.5", cv2_departs="it wants a variance and clips by default"),
    prior(f"min_size: 4 min_size: 9 max_size: 6 max_size: 12 aspect_ratio: 2 clip: false {FOUR}"),
    prior(f"min_size: 12 aspect_ratio: 2 step: 16 offset: 0.25 clip: false {FOUR}"),
    prior(
        "min_size: 12 img_size: 300 step_h: 20 step_w: 10 clip: false variance: 0.3",
        cv2_departs="it ignores the sizes given",
    ),
    prior(
        f"min_size: 10.9 max_size: 20.9 aspect_ratio: 2 clip: false {FOUR}",
        cv2_departs="it keeps the fractions of sizes",
    ),
    simple(
        "LSTM",
        "recurrent_param { num_output: 4 }",
        bottoms=((5, 3, 7), (5, 3)),
        blobs=((16, 7), (16,), (16, 4)),
        cv2_departs="it takes the blobs in another order",
    ),
    simple(
        "LSTM",
        "recurrent_param { num_output: 3 }",
        bottoms=((4, 2, 3, 2), (4, 2)),
        blobs=((12, 6), (12,), (12, 3)),
        cv2_departs="it takes the blobs in another order",
    ),
]
EVERY_CASE = [*CASES, *FORK_CASES]
