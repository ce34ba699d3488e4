"""What all tests share: which machine this is, and that no test depends on the user's cache."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from paths import DATA

# An example that takes long on a busy machine is no failure.
hypothesis.settings.register_profile("trtcore", deadline=None)
hypothesis.settings.load_profile("trtcore")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recorded inputs."""
    return DATA


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of all tests; GPU tests find there what was compiled and calibrated before."""
    return tmp_path_factory.getbasetemp() / "cache"


@pytest.fixture(autouse=True)
def own_cache(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps tests away from the user's cache folder."""
    monkeypatch.setenv("TRTCORE_CACHE_DIR", str(cache_folder))


@pytest.fixture(autouse=True, scope="session")
def weights_drawn_once() -> Iterator[None]:
    """GoogLeNet's seven million weights, which a hundred tests make and none may change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trtcore.models.builtin.googlenet.he_normal", cache(_read_only))
        yield


def _read_only(name: str, shape: tuple[int, ...], fan_in: int, seed: int) -> Any:
    from trtcore.models.builtin.weights import he_normal

    weights = he_normal(name, shape, fan_in, seed)
    weights.flags.writeable = False
    return weights


@pytest.fixture
def short_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Warm-ups that end after 300 ms in any case: on a busy machine times are never steady."""
    from trtcore.measure.length.warmup import WarmUp, WarmUpRule

    rule = WarmUpRule(least_ms=50, least_iterations=4, at_most_ms=300)
    monkeypatch.setattr("trtcore.measure.length.warming.WarmUp", lambda _: WarmUp(rule))


def pytest_configure() -> None:
    """Hears Ctrl-C also where whoever started us ignores it, as a shell does in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leaves what is loaded by now out of collections, of which native tests ask for hundreds.

    Python's own are fewer: of tests that make a million small objects each, they were 4 s.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips GPU tests with the reason; TRTCORE_REQUIRE_GPU=1 lets them fail instead."""
    if os.environ.get("TRTCORE_REQUIRE_GPU") == "1":
        return
    marked = [item for item in items if item.get_closest_marker("gpu")]
    reason = _no_gpu_reason() if marked else None
    if reason is not None:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


def _no_gpu_reason() -> str | None:
    from trtcore.engine.choice import choose_backend

    choice = choose_backend("auto")
    return choice.reason if choice.name == "onnxruntime" else None
