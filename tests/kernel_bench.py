"""Two contexts of one engine on a fake CUPTI, and the kernels that their runs launch."""

from __future__ import annotations

from typing import Any

from trtcore.measure import _core
from trtcore.measure.loops.native import NativeLoops
from trtcore.result.records.layers import Layer

US = 1000
LAYERS = (
    Layer("__myl_Move_myl0_0", "kgen", tactic="__myl_Move_0xabc", stream=0),
    Layer("conv_myl0_1", "correlation", tactic="__myelin_CASK_STUB", stream=0),
    Layer("fc_myl0_2", "gemm", tactic="__myelin_CASK_STUB", stream=0),
)
KERNELS = (
    ("__myl_Move_0xabc", 5 * US, 20 * US, 7),
    ("sm80_conv_kernel", 5 * US, 60 * US, 7),
    ("sm80_gemm_kernel", 5 * US, 30 * US, 7),
)


class Bench:
    """Two contexts of one engine whose runs launch kernels, and what traces them."""

    def __init__(self, rig_of: Any, fake: Any) -> None:
        self.fake = fake
        self.plain, self.profiled = rig_of(11), rig_of(11)
        self.loops = NativeLoops(self.plain.view, self.profiled.view, _core.HostTimer())

    def launch(self, *kernels: tuple[str, int, int, int]) -> None:
        self.fake.script(*kernels)
        for rig in (self.plain, self.profiled):
            rig.context.on_run = self.fake.run_address

    def layers_take(self, *times_ms: float) -> None:
        names = [layer.name for layer in LAYERS]
        self.profiled.context.layers = list(zip(names, times_ms, strict=True))
