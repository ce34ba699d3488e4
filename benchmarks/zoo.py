"""Networks that people deploy, exported to ONNX with random weights; nothing is downloaded.

    python benchmarks/zoo.py FOLDER NAME BATCH

Needs PyTorch with torchvision and transformers. Vision networks see 224 x 224 images, language
models 128 tokens an item.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

IMAGE = 224
TOKENS = 128
OPSET = 18


@dataclass(frozen=True)
class Network:
    """One network and how it is exported.

    Attributes:
        family: what kind of network it stands for.
        make: makes the module and example inputs by name, for a batch size.
        output: name of its output.
        dynamo: export by torch.export instead of tracing.
    """

    family: str
    make: Callable[[int], tuple[Any, dict[str, Any]]]
    output: str
    dynamo: bool = False


def vision(name: str, batch: int) -> tuple[Any, dict[str, Any]]:
    """A classifier of torchvision; a head that starts at zero gets random weights."""
    import torch
    import torchvision

    model = getattr(torchvision.models, name)(weights=None)
    heads = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    if not heads[-1].weight.any():
        torch.nn.init.normal_(heads[-1].weight, std=0.02)
    return model, {"x": torch.randn(batch, 3, IMAGE, IMAGE)}


def segmentation(batch: int) -> tuple[Any, dict[str, Any]]:
    """FCN on a ResNet-50."""
    import torch
    from torchvision.models.segmentation import fcn_resnet50

    class Scores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = fcn_resnet50(weights=None, weights_backbone=None)

        def forward(self, x: Any) -> Any:
            return self.net(x)["out"]

    return Scores(), {"x": torch.randn(batch, 3, IMAGE, IMAGE)}


def bert(batch: int) -> tuple[Any, dict[str, Any]]:
    """BERT-base with a mask that hides the end of each text but the first."""
    import torch
    import transformers

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            config = transformers.BertConfig(attn_implementation="eager")
            self.net = transformers.BertModel(config)

        def forward(self, ids: Any, mask: Any) -> Any:
            return self.net(input_ids=ids, attention_mask=mask).last_hidden_state

    mask = torch.ones(batch, TOKENS, dtype=torch.int64)
    mask[1:, TOKENS // 2 :] = 0
    return Hidden(), {"ids": torch.randint(0, 30000, (batch, TOKENS)), "mask": mask}


def gpt2(batch: int) -> tuple[Any, dict[str, Any]]:
    """GPT-2 with its language model head."""
    import torch
    import transformers

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            config = transformers.GPT2Config(attn_implementation="eager")
            self.net = transformers.GPT2LMHeadModel(config)

        def forward(self, ids: Any) -> Any:
            return self.net(input_ids=ids, use_cache=False).logits

    return Logits(), {"ids": torch.randint(0, 30000, (batch, TOKENS))}


def t5(batch: int) -> tuple[Any, dict[str, Any]]:
    """The encoder of T5-small, with relative positions."""
    import torch
    import transformers

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = transformers.T5EncoderModel(transformers.T5Config())

        def forward(self, ids: Any) -> Any:
            return self.net(input_ids=ids).last_hidden_state

    return Hidden(), {"ids": torch.randint(0, 30000, (batch, TOKENS))}


NETWORKS = {
    "resnet50": Network("residual CNN", partial(vision, "resnet50"), "y"),
    "mobilenet_v3": Network("depthwise CNN", partial(vision, "mobilenet_v3_large"), "y"),
    "efficientnet_b0": Network("squeeze-excite CNN", partial(vision, "efficientnet_b0"), "y"),
    "convnext_tiny": Network("ConvNeXt", partial(vision, "convnext_tiny"), "y"),
    "densenet121": Network("dense CNN", partial(vision, "densenet121"), "y"),
    "regnet_y": Network("grouped CNN", partial(vision, "regnet_y_800mf"), "y"),
    "vit_b_16": Network("ViT", partial(vision, "vit_b_16"), "y"),
    "swin_t": Network("Swin", partial(vision, "swin_t"), "y"),
    "fcn_resnet50": Network("segmentation", segmentation, "scores"),
    "bert_base": Network("encoder", bert, "hidden"),
    "gpt2": Network("decoder", gpt2, "logits", dynamo=True),
    "t5_encoder": Network("encoder with relative positions", t5, "hidden"),
}


def export(folder: Path, name: str, batch: int) -> Path:
    """Exports a network and returns the file; one that is there already is kept."""
    import torch

    path = folder / f"{name}_b{batch}.onnx"
    if path.exists():
        return path
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    network = NETWORKS[name]
    module, inputs = network.make(batch)
    torch.onnx.export(
        module.eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=[network.output],
        opset_version=OPSET,
        dynamo=network.dynamo,
    )
    return path


if __name__ == "__main__":
    print(export(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
