"""The site of docs/ in a real browser: what a search finds, and how it looks on a phone."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
# What a user asks, what he types, and the pages that answer it: the search's first is one of them.
QUESTIONS = (
    ("Why is the sum larger than the latency?", "sum of layer times latency", ("method/",)),
    ("What does FP16 cost in accuracy?", "compare fp16 fp32 accuracy", ("howto/precisions/",)),
    ("How does CI fail when it is slower?", "fail CI slower", ("howto/gate/",)),
    ("What is this error?", "libcuda.so.1 was not found", ("errors/",)),
    ("How do I profile my own program?", "attach own loop", ("howto/attach/",)),
    ("What about dynamic shapes?", "dynamic shapes", ("howto/profile/", "questions/")),
    ("What does this column mean?", "corrected", ("glossary/",)),
    ("Can it read my caffemodel?", "caffemodel", ("caffe/",)),
    ("Does my TensorRT work?", "supported TensorRT versions", ("compatibility/",)),
    ("Which batch is best?", "best batch size", ("howto/sweep/", "sweep/")),
    ("How do I open a trace?", "perfetto trace", ("formats/",)),
    ("Why did it exit with 3?", "exit code 3", ("errors/", "howto/gate/")),
    ("What is in my ForeignNode?", "ForeignNode", ("questions/",)),
    ("Should I lock the clocks?", "lock gpu clocks", ("questions/",)),
    ("Does it time CUDA graphs?", "cuda graph", ("questions/",)),
    ("How many iterations run?", "how many iterations", ("questions/",)),
    ("Where are its caches?", "timing cache", ("questions/",)),
    ("Does it run in a container?", "docker", ("questions/",)),
    ("How do I see it in Netron?", "netron", ("questions/", "formats/")),
    ("Which layers stayed in FP32?", "fell back to fp32", ("questions/", "precision/")),
    ("How do I profile a decoder?", "kv cache", ("questions/",)),
    ("Which GPU does it take?", "two gpus", ("questions/",)),
    ("What does my plugin need?", "plugin", ("questions/", "options/")),
    ("How much memory is needed?", "how much memory", ("questions/", "method_details/")),
    ("Did a new TensorRT cost time?", "two tensorrt versions", ("questions/", "compatibility/")),
)
RESULTS = """
return [...document.querySelectorAll('a.md-search-result__link')].map(a => a.getAttribute('href'));
"""
# Options, classes and names that are drawn on more than one line.
BROKEN = """
return [...document.querySelectorAll('code.whole')].filter(c => c.getClientRects().length > 1)
  .map(c => c.textContent);
"""
# Cells too narrow for a word; those of columns of figures are not.
SQUEEZED = """
return [...document.querySelectorAll('.md-typeset td')]
  .filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.textContent);
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, built as `make docs` does."""
    for name in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(name, reason="make docs installs it")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def search(browser: Any, site: str, words: str) -> list[str]:
    """The pages that the search lists for some words, best first; waits until it has any."""
    browser.get(f"{site}?q={words.replace(' ', '+')}")
    end = time.monotonic() + 60
    while not (links := browser.execute_script(RESULTS)) and time.monotonic() < end:
        time.sleep(0.1)
    return [link.removeprefix(site).partition("?")[0].partition("#")[0] for link in links]


@pytest.mark.parametrize(
    ("question", "words", "pages"), QUESTIONS, ids=[question for question, *_ in QUESTIONS]
)
def test_a_question_is_answered_by_the_first_page_found(
    browser: Any, site: str, question: str, words: str, pages: tuple[str, ...]
) -> None:
    found = search(browser, site, words)
    assert found, f"{question}: nothing is found for {words!r}"
    assert found[0] in pages, f"{question}: {found[:3]}"


def test_nothing_is_broken_or_wider_than_a_phone(
    browser: Any, resize: Callable[..., None], site: str
) -> None:
    resize(390)
    sitemap = ROOT.joinpath("docs").rglob("*.md")
    for page in sorted(
        path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in sitemap
    ):
        browser.get(site + ("" if page == "index" else f"{page}/"))
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, page
        assert browser.execute_script(BROKEN) == [], page
        assert browser.execute_script(SQUEEZED) == [], page


def test_the_site_asks_nobody_else(browser: Any, site: str) -> None:
    browser.get_log("performance")
    browser.get(f"{site}api/")
    asked = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    assert asked
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
