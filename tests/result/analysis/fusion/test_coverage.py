"""Every node of the networks people deploy is accounted for, by a reason that holds."""

from __future__ import annotations

import pytest
from fusion_walks import Walks
from networks import BUILT, LONG, MEASURED, built, measured

from trtcore.result.analysis.fusion.groups import map_fusion
from trtcore.result.analysis.fusion.reasons import ELIMINATED, FOLDED, TIMED, Reason
from trtcore.result.records.profile import Profile


def check(profile: Profile) -> None:
    fusion = map_fusion(profile)
    walks = Walks(profile, fusion)
    names = [node.name for node in profile.model.nodes]
    assert fusion.unknown == ()
    assert fusion.node_coverage == 1.0
    assert list(fusion.reasons) == names
    assert sorted([*fusion.group_of, *fusion.folded, *fusion.eliminated]) == sorted(names)
    for nodes, reasons in (
        (fusion.group_of, TIMED),
        (fusion.folded, FOLDED),
        (fusion.eliminated, ELIMINATED),
    ):
        assert {fusion.reasons[name] for name in nodes} <= reasons
    for name in names:
        walks.check(name)
    layers = [i for group in fusion.groups for i in group.layers]
    assert sorted([*layers, *fusion.markers]) == list(range(len(profile.layers)))


@pytest.mark.parametrize("name", MEASURED)
def test_of_a_measured_engine(name):
    check(measured(name))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in BUILT],
)
def test_of_an_engine_built_here(name):
    pytest.importorskip("tensorrt_rtx")
    check(built(name))


def test_relus_of_products_that_name_none():
    profile = measured("resnet50")
    fusion = map_fusion(profile)
    relus = [n for n, reason in fusion.reasons.items() if reason is Reason.IN_KERNEL_NAME]
    assert relus == [
        *(f"/layer3/layer3.{i}/relu/Relu" for i in range(6)),
        *(f"/layer4/layer4.{i}/relu/Relu" for i in range(3)),
    ]
    for relu in relus:
        group = fusion.group_of[relu]
        assert group.nodes == (relu.replace("relu/Relu", "conv1/Conv"), relu)
        assert [profile.layers[i].name[:18] for i in group.layers] == ["__myl_FcAddRelu_my"]
