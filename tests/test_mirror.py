"""Which modules have no test file of their name: a list that only becomes shorter."""

from __future__ import annotations

from pathlib import Path

import pytest

import trtcore

SOURCES, TESTS = Path(trtcore.__file__).parent, Path(__file__).parent

TESTED_BY: dict[str, tuple[str, ...]] = {
    "models/test_described.py": ("result/records/input_values",),
    "api/options/test_meaning.py": ("api/options/value_types",),
    "api/options/test_declarations.py": ("api/options/declaring",),
    "cli/test_declared.py": ("cli/own_options",),
    "result/test_backends.py": ("measure/nodes/timers",),
    "test_extension.py": (
        "precision/convert/rounding",
        "report/formats",
        "result/readers/registry",
        "system/lazy",
    ),
    "api/test_baseline_job.py": (
        "api/calls",
        "api/sources",
        "measure/nodes/choice",
        "measure/nodes/run",
        "measure/nodes/torch/available",
    ),
    "api/test_doctor.py": ("api/self_test",),
    "api/test_precision_job.py": (
        "api/engine_job",
        "compare/precisions/saved",
        "precision/accuracy/reference",
    ),
    "cli/commands/test_profile.py": (
        "cli/phases",
        "cli/commands/build",
        "cli/commands/inspect",
        "profile",
        "system/progress",
    ),
    "cli/commands/test_profile_baseline.py": ("cli/named_model", "compare/same_model"),
    "cli/commands/test_profile_precisions.py": (
        "cli/commands/convert",
        "report/terminal/precisions",
    ),
    "cli/test_bad_input.py": (
        "cli/arguments",
        "engine/choice",
    ),
    "cli/test_outputs.py": (
        "api/assemble",
        "cli/screen",
    ),
    "compare/precisions/test_rows.py": (
        "compare/precisions/comparison",
        "compare/precisions/verdict",
    ),
    "history/test_store.py": ("history/records", "history/rows"),
    "cli/commands/test_history.py": ("cli/history_options",),
    "cli/test_trend.py": ("cli/trend_page",),
    "compare/test_limits.py": ("compare/significance/tails",),
    "compare/significance/test_noise.py": ("compare/significance/times",),
    "compare/test_profiles.py": (
        "compare/alignment",
        "compare/comparison",
    ),
    "engine/tensorrt/test_dynamic_shapes.py": (
        "engine/tensorrt/optimization_profile",
        "result/types/shapes",
    ),
    "engine/tensorrt/test_builder.py": (
        "engine/tensorrt/bindings",
        "engine/tensorrt/interrupts",
        "engine/tensorrt/progress",
    ),
    "engine/test_io_formats.py": ("cli/api_options",),
    "engine/test_precision_build.py": ("api/requests",),
    "measure/energy/test_meter.py": ("result/records/energy",),
    "measure/memory/test_readings.py": ("result/records/memory",),
    "measure/processes/test_fresh.py": (
        "measure/processes/answers",
        "measure/processes/child",
        "system/parent",
    ),
    "result/analysis/test_builds.py": ("result/records/repeats",),
    "gpu/test_attach_gpu.py": ("engine/tensorrt/python_profiler",),
    "measure/loops/test_python.py": ("measure/device/cuda",),
    "measure/nodes/onnxruntime/test_profile.py": (
        "measure/nodes/onnxruntime/graph",
        "measure/nodes/onnxruntime/passes",
        "measure/nodes/onnxruntime/session",
        "measure/nodes/onnxruntime/trace",
    ),
    "measure/nodes/torch/test_eager.py": (
        "measure/nodes/torch/graph",
        "measure/nodes/torch/tensors",
        "measure/nodes/torch/tracer",
    ),
    "measure/nodes/torch/test_operators.py": (
        "measure/nodes/torch/operators/call",
        "measure/nodes/torch/operators/convolutions",
        "measure/nodes/torch/operators/elementwise",
        "measure/nodes/torch/operators/matrices",
        "measure/nodes/torch/operators/normalization",
        "measure/nodes/torch/operators/pools",
        "measure/nodes/torch/operators/reductions",
        "measure/nodes/torch/operators/resizing",
        "measure/nodes/torch/operators/shaping",
        "measure/nodes/torch/operators/sources",
        "measure/nodes/torch/operators/windows",
    ),
    "models/caffe/files/test_caffemodel.py": (
        "models/caffe/files/schema",
        "models/caffe/files/wire",
    ),
    "models/caffe/layers/test_layers.py": (
        "models/caffe/layers/values/activations",
        "models/caffe/layers/values/batch_norm",
        "models/caffe/layers/converter",
        "models/caffe/layers/windows/convolution",
        "models/caffe/layers/windows/depthwise",
        "models/caffe/layers/values/elementwise",
        "models/caffe/layers/shapes/joining",
        "models/caffe/layers/values/normalization",
        "models/caffe/layers/detection/prior_box",
        "models/caffe/layers/shapes/rearranging",
        "models/caffe/layers/shapes/reduction",
        "models/caffe/layers/values/scaling",
        "models/caffe/layers/shapes/shaping",
        "models/caffe/layers/sources",
        "models/caffe/layers/windows/window",
    ),
    "models/caffe/files/test_prototxt.py": ("models/memory",),
    "models/caffe/layers/detection/test_detection_output.py": (
        "models/caffe/layers/detection/box_decoding",
    ),
    "models/caffe/layers/shapes/test_resizing.py": ("models/caffe/layers/windows/mask",),
    "models/caffe/test_rules.py": (
        "models/caffe/builder",
        "models/caffe/conversion",
        "models/caffe/graph",
        "models/caffe/net",
        "models/caffe/weights",
        "models/caffe/wiring",
    ),
    "models/onnx/test_graph.py": (
        "models/model",
        "models/onnx/bodies",
        "models/onnx/weights",
    ),
    "models/onnx/test_shapes.py": (
        "models/onnx/batch",
        "models/onnx/inference",
    ),
    "models/onnx/workload/test_count.py": (
        "models/onnx/workload/computing",
        "models/onnx/workload/elementwise",
        "models/onnx/workload/folding",
        "models/onnx/workload/operands",
        "models/onnx/workload/products",
        "models/onnx/workload/shapes",
        "result/records/work",
    ),
    "native/on_fake_cuda/failure_cases.py": (
        "measure/engine_runs/read_back",
        "measure/engine_runs/run",
        "measure/loops/failure",
    ),
    "native/on_fake_cuda/plan_cases.py": (
        "measure/engine_runs/plans",
        "models/builtin/chain",
    ),
    "models/onnx/test_input_roles.py": (
        "models/onnx/index_operators",
        "models/onnx/input_values",
    ),
    "wild/test_onnx_batch.py": (
        "models/onnx/batch_bodies",
        "models/onnx/batch_edits",
        "models/onnx/batch_free",
        "models/onnx/batch_layout",
        "models/onnx/batch_losses",
        "models/onnx/batch_repairs",
        "models/onnx/batch_values",
        "models/onnx/batch_walk",
        "models/onnx/range_batches",
    ),
    "wild/test_onnx_batch_items.py": (
        "models/onnx/batch_cuts",
        "models/onnx/batch_lookahead",
        "models/onnx/batch_marks",
        "models/onnx/batch_mixing",
    ),
    "wild/test_onnx_batch_counters.py": (
        "models/onnx/batch_counters",
        "models/onnx/batch_operands",
        "models/onnx/batch_picks",
        "models/onnx/batch_scatter",
    ),
    "wild/test_onnx_builds.py": (
        "engine/tensorrt/parser_problems",
        "precision/verify/computed",
    ),
    "wild/test_onnx_profiles.py": (
        "measure/nodes/onnxruntime/values",
        "models/onnx/complete",
        "models/onnx/walk",
    ),
    "native/test_attach.py": ("measure/attach",),
    "native/test_bindings_boundary.py": ("measure/loops/abi_check",),
    "native/test_cupti_headers.py": ("measure/kernels/cupti",),
    "native/test_engine_runs.py": ("measure/engine_runs/engines", "measure/engine_runs/records"),
    "native/test_profiled_kernels.py": ("measure/kernels/profiled",),
    "native/test_kernel_pass.py": (
        "measure/kernels/trace",
        "measure/kernels/traced_loops",
    ),
    "native/test_slow_runs.py": ("measure/length/warming",),
    "native/test_streaming.py": ("measure/engine_runs/store",),
    "native/test_turns.py": (
        "measure/loops/native",
        "measure/loops/times",
        "measure/engine_runs/rounds",
    ),
    "precision/accuracy/test_outputs.py": (
        "precision/accuracy/emulation",
        "precision/accuracy/nonfinite",
    ),
    "precision/convert/test_masks.py": (
        "precision/convert/flow",
        "precision/convert/overflow",
        "precision/convert/roles",
    ),
    "precision/convert/test_apply.py": (
        "precision/convert/graph",
        "precision/convert/large",
        "precision/convert/nodes",
        "precision/convert/plan",
        "precision/request",
    ),
    "report/export/test_dot.py": ("report/content/rows/kinds",),
    "report/export/test_perfetto.py": ("report/export/timeline",),
    "report/terminal/test_comparison.py": (
        "report/content/comparison_names",
        "report/content/comparison_rows",
        "report/export/comparison_json",
        "report/export/comparison_markdown",
    ),
    "report/terminal/test_profile.py": (
        "report/content/facts/facts",
        "report/content/rows/labels",
        "report/content/rows/levels",
        "report/content/rows/rows",
        "report/content/facts/run_ends",
        "report/terminal/layout",
    ),
    "report/content/rows/test_concentration.py": ("report/content/rows/details",),
    "report/html/test_page.py": (
        "report/html/compared",
        "report/html/layers",
        "report/html/libraries",
        "report/html/sections",
        "report/html/tables",
    ),
    "report/content/rows/test_hierarchy.py": (
        "report/content/rows/blocks",
        "result/analysis/naming/short_names",
    ),
    "result/analysis/fusion/test_leftover.py": (
        "result/analysis/fusion/operators",
        "result/analysis/fusion/reasons",
        "result/analysis/fusion/sides",
    ),
    "result/analysis/fusion/test_groups.py": (
        "result/analysis/fusion/claims",
        "result/analysis/fusion/graph",
        "result/readers/inspector/layer_names",
    ),
    "result/readers/inspector/test_inspector.py": (
        "result/readers/inspector/oneline",
        "result/readers/inspector/tensor_words",
    ),
    "result/readers/test_load.py": (
        "result/readers/own_result",
        "result/readers/single_figures",
    ),
    "result/schema/test_generate.py": ("result/schema/shipped",),
    "result/test_saved.py": (
        "result/checks",
        "result/records/profile",
        "result/records/samples",
    ),
    "stats/test_histogram.py": (
        "stats/arrays",
        "stats/resolution",
    ),
    "report/content/times/test_kernels.py": (
        "report/content/times/mapping",
        "report/terminal/kernels",
    ),
    "result/analysis/test_failures.py": ("result/records/failure",),
    "result/analysis/test_diagnosis.py": (
        "report/content/warning_words",
        "report/content/warnings",
        "result/records/warning_kinds",
        "result/records/warnings",
    ),
    "result/schema1/test_sentences.py": (
        "report/content/facts/method",
        "result/records/accuracy",
        "result/records/build",
        "result/records/counts",
        "result/records/kernel_pass",
        "result/records/method",
        "result/schema1/build",
        "result/schema1/ends",
        "result/schema1/kernels",
        "result/schema1/method",
        "result/schema1/trees",
    ),
    "history/test_verdict.py": ("history/judged",),
    "history/test_groups.py": ("history/noise",),
    "sweeps/test_cluster.py": (
        "sweeps/distribution",
        "sweeps/sequence",
        "sweeps/sweep",
        "sweeps/worker",
        "sweeps/worker_start",
    ),
    "sweeps/test_files.py": ("sweeps/copies",),
    "sweeps/test_running.py": ("sweeps/machine",),
    "sweeps/test_store.py": ("sweeps/outcomes", "sweeps/requests"),
    "sweeps/test_table.py": ("cli/sweep_table", "sweeps/export"),
    "cli/commands/test_sweep.py": ("cli/plan_file", "sweeps/declarations"),
    "gpu/test_sweep_gpu.py": ("system/gpus",),
    "result/analysis/cost/test_work.py": ("result/analysis/cost/operand_types",),
    "result/analysis/findings/test_registry.py": (
        "result/analysis/findings/evidence",
        "result/analysis/findings/finding",
    ),
    "measure/peaks/test_peaks.py": (
        "measure/nodes/onnxruntime/peaks",
        "measure/peaks/engines",
        "measure/peaks/kept",
        "models/builtin/peaks",
        "result/records/peaks",
    ),
    "report/content/facts/test_cost.py": (
        "report/content/facts/findings",
        "report/content/rows/costs",
    ),
    "system/test_clocks.py": ("system/sensors",),
    "system/test_environment.py": ("system/records",),
}
"""By test file, the modules it goes through that have none of their name."""


def modules() -> set[str]:
    """Every module, by its path without the ending."""
    paths = (path.relative_to(SOURCES).with_suffix("") for path in SOURCES.rglob("*.py"))
    return {path.as_posix() for path in paths if not path.name.startswith("__")}


def has_tests(module: str) -> bool:
    path = Path(module)
    return (TESTS / path.parent / f"test_{path.name}.py").is_file()


def test_every_module_has_a_test_file_of_its_name_or_a_line_here() -> None:
    listed = [module for tested in TESTED_BY.values() for module in tested]
    assert sorted(module for module in modules() if not has_tests(module)) == sorted(listed)


@pytest.mark.parametrize("file", TESTED_BY)
def test_the_line_leads_to_tests(file: str) -> None:
    assert (TESTS / file).is_file()
