"""A network for cells, libraries that misbehave in them, and leases of the tests alone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sweep_cells import write_net


@pytest.fixture(autouse=True)
def own_leases(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRTCORE_LEASE_DIR", str(tmp_path_factory.getbasetemp() / "leases"))


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_net(tmp_path_factory.mktemp("net") / "net.onnx")


# Constructors run inside the cell when TensorRT loads the library, as faults of plugins do.
FAULTS: Mapping[str, str] = {
    "crash": "#include <stdlib.h>\n__attribute__((constructor)) void f(void) { abort(); }",
    # The sign is for tests that wait until the cell hangs.
    "hang": (
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) void f(void) {"
        ' char *sign = getenv("SIGN"); if (sign) fclose(fopen(sign, "w")); for (;;) pause(); }'
    ),
    # Goes on once it is told to, as a library that holds no plugins.
    "wait": (
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) void f(void) {"
        ' fclose(fopen(getenv("SIGN"), "w")); while (access(getenv("GO_ON"), F_OK)) usleep(9999); }'
    ),
    # The next process that loads it goes on, and is told that it holds no plugins.
    "hang_once": (
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) void f(void) {"
        ' char *sign = getenv("SIGN"); if (!access(sign, F_OK)) return;'
        ' fclose(fopen(sign, "w")); for (;;) pause(); }'
    ),
    # Preloaded: ends the process while TensorRT builds, once it has written a message.
    "build": (
        "#include <pthread.h>\n#include <signal.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
        "static void *g(void *a) { struct stat s; for (;;) { usleep(200);"
        " if (!fstat(2, &s) && S_ISREG(s.st_mode) && s.st_size) kill(getpid(), SIGSEGV); } }"
        "__attribute__((constructor)) void f(void) { pthread_t t; pthread_create(&t, 0, g, 0); }"
    ),
    "killed": (
        "#include <signal.h>\n#include <unistd.h>\n"
        "__attribute__((constructor)) void f(void) { kill(getpid(), SIGKILL); }"
    ),
    # Preloaded: a disk with room for a few thousand bytes, below the folder that FULL names.
    "disk": (
        "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <stdio.h>\n"
        "#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
        "ssize_t write(int f, const void *b, size_t n) {"
        ' ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");'
        ' char link[64], path[4096]; const char *full = getenv("FULL"); ssize_t k;'
        ' sprintf(link, "/proc/self/fd/%d", f);'
        " if (full && n > 4000 && (k = readlink(link, path, sizeof path - 1)) > 0) {"
        " path[k] = 0; if (!strncmp(path, full, strlen(full))) { errno = ENOSPC; return -1; } }"
        " return real(f, b, n); }"
    ),
    # What the process has by then it keeps; all it asks for from there on is refused.
    "full": (
        "#include <sys/resource.h>\n__attribute__((constructor)) void f(void) {"
        " struct rlimit r = {1, 1}; setrlimit(RLIMIT_AS, &r); }"
    ),
}


@pytest.fixture(scope="session")
def fault(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compiles a library that does something to the process that loads it."""
    folder = tmp_path_factory.mktemp("faults")

    def compiled(name: str) -> str:
        library = folder / f"lib{name}.so"
        if not library.exists():
            command = ["gcc", "-shared", "-fPIC", "-pthread", "-x", "c", "-", "-o", str(library)]
            subprocess.run(command, input=FAULTS[name], text=True, check=True)
        return str(library)

    return compiled
