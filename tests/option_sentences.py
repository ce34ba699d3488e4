"""What docs/options.md says of each option and group, in sentences.

``{help}`` stands for the line of ``--help``, which lists what a registry holds.
"""

from __future__ import annotations

GROUPS = {
    "model and engine": "What is built: the model, its shapes, and how TensorRT may build it. "
    "[Caffe models](caffe.md) have a page of their own.",
    "precision": "What the network computes in. [Precision](precision.md) says what each one means "
    "and what stays in FP32; [Compare precisions](howto/precisions.md) is the short way.",
    "what a precision costs": "How far the outputs are from those in FP32.",
    "run": "How long it measures, with what input, and what it measures beside the times. "
    "[Profile a network](howto/profile.md) is the short way, [How trtcore measures](method.md) "
    "the reason for each default.",
}

SENTENCES = {
    "weights": "The `.caffemodel` that holds the weights of a Caffe model. Without it they are "
    "random.",
    "outputs": "A blob of a Caffe model that is to be an output. It can be given several times.",
    "batch": "The leading dimension of every input that has a batch dimension. The default is what "
    "the model has. With a range of shapes it is the batch of the run.",
    "shapes": "The whole shapes of inputs: `data:1x3x224x224,mask:1x77`. Three shapes are a range "
    "to build for, least, optimum and most: `ids:1x16..4x77..8x99`. The run has the optimum.",
    "cut_unsupported": "Leaves out the layers of a Caffe model that are not supported, and those "
    "behind them.",
    "allow_external": "Reads the external data of an ONNX file from any folder. By default it has "
    "to lie in the folder of the file, with no `..`, absolute path or link out of it.",
    "backend": "What runs the model: {help}.",
    "workspace_mib": "The most scratch memory that a layer may use, in MiB. The default is "
    "TensorRT's.",
    "serial": "Builds an engine of one stream. Its layers do not overlap, so that their times add "
    "up to the latency.",
    "builds": "Builds the engine N times without a timing cache, and tells how far the builds "
    "differ.",
    "plugins": "A library of TensorRT plugins that is loaded first. It can be given several times.",
    "use_cache": "Neither reads nor writes the cache folder.",
    "precision": "What the network computes in: {help}.",
    "keep_fp32": "Operators or nodes that stay in FP32, separated by commas. A name may have `*` "
    "in it: `LRN,Softmax,inception_5b/*`.",
    "io_precision": "The precision of inputs and outputs: fp32, fp16, bf16. The default is that of "
    "the network.",
    "io_formats": "The memory layout of inputs and outputs, by name: {help}.",
    "accuracy": "Compares the outputs with those of the model in FP32 on the CPU.",
    "tolerance": "The largest relative L2 error that an output may have against FP32, such as "
    "`1e-2`. The exit code is 1 if one has more.",
    "iterations": "How many iterations each pass measures. The default is 1000 on a GPU, and as "
    "many as fit into 10 s on a CPU.",
    "processes": "Measures in N fresh processes, one after the other, and tells how far they "
    "differ. The default is 1.",
    "precision_target": "Runs until the total is known to this part of it: `0.005` is half a per "
    "cent.",
    "max_seconds": "Runs until the figures are stable, but no longer than S seconds. "
    "`--iterations` is then the least number.",
    "stream": "Keeps distributions instead of every time, so that a run of any length takes the "
    "same memory. This is the default above 64 MB of times.",
    "calibrate": "Does not measure what the profiler's events cost. Layer times are then "
    "corrected by this run's own latency, or by CUPTI.",
    "peak": "What the device can do at most, which work and bytes are compared with, in {help}.",
    "energy": "Runs long enough to measure the energy of an inference.",
    "inputs": "What the inputs hold: {help}.",
    "seed": "The seed of random input. The same seed gives the same input.",
    "sync": "How an iteration is started and waited for: {help}.",
    "timing": "What times the layers: {help}.",
}
