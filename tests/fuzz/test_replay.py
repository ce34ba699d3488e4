"""Every seed, and every input that once broke something, through its target."""

from __future__ import annotations

import pytest
from fuzz.targets import CORPUS, NAMES, target

INPUTS = [(name, path) for name in NAMES for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(
    ("name", "path"), INPUTS, ids=[f"{name}-{path.name}" for name, path in INPUTS]
)
def test_only_errors_of_trtcore_come_out(name: str, path) -> None:
    target(name)(path.read_bytes())


def test_every_corpus_belongs_to_a_target_and_is_small() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == list(NAMES)
    # What a clone has to carry for them.
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_random_bytes(name: str) -> None:
    fuzz_one = target(name)
    for size in range(64):
        fuzz_one(bytes((size * 37 + place * place * 11) % 256 for place in range(size)))
