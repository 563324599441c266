"""The machine that figures are of: its processor, memory and versions, how fast it multiplies matrices, and what processes take."""

import os
import platform
import re
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assistant import SettingsError

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp", "bf16", "i8mm")
"""What makes an encoder faster, as Linux calls it."""

_PACKAGES = ("quipu", "onnxruntime", "torch", "sentence-transformers", "faiss-cpu", "bm25s", "numpy")
_SIZE = 2048  # rows and columns of the matrices that are multiplied
_ROUNDS = 8


def machine() -> dict[str, str]:
    """What there is to know of the machine, by its name, in words."""
    cpu, memory = _read("/proc/cpuinfo"), _read("/proc/meminfo")
    model = re.search(r"^model name\s*:\s*(.+)$", cpu, re.MULTILINE)
    listed = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpu, re.MULTILINE)
    flags = listed.group(1).split() if listed else []
    total = re.search(r"^MemTotal:\s*(\d+)", memory, re.MULTILINE)
    return {
        "processor": model.group(1) if model else platform.processor() or platform.machine(),
        "cores": str(processors()),
        "flags": " ".join(flag for flag in FLAGS if flag in flags) or "none that matter",
        "memory": f"{int(total.group(1)) / 2**20:.0f} GB" if total else "unknown",
        "system": platform.system(),
        "Python": platform.python_version(),
        **{name: found for name in _PACKAGES if (found := _version(name))},
    }


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def matrix_peak(kind: str) -> float:
    """The most floating-point operations per second that torch reaches in a product of two matrices of "float32" or "bfloat16"."""
    import torch

    left = torch.rand(_SIZE, _SIZE).to(getattr(torch, kind))
    best = 0.0
    with torch.inference_mode():
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            left @ left
            best = max(best, 2 * _SIZE**3 / (time.perf_counter() - started))
    return best


def memory(pid: int) -> dict[str, float]:
    """The megabytes that a process takes with all that it started: `rss` with what it shares, `pss` with its part of that.

    Raises SettingsError where Linux's /proc doesn't say it.
    """
    taken = {"rss": 0.0, "pss": 0.0}
    try:
        said = [Path(f"/proc/{pid}/smaps_rollup").read_text()]
        for child in _below(pid):
            with suppress(ProcessLookupError, FileNotFoundError):  # it has ended
                said.append(Path(f"/proc/{child}/smaps_rollup").read_text())
    except OSError as error:
        raise SettingsError(
            f"What memory a process takes can't be measured, which needs Linux's /proc: {error.strerror}."
        ) from None
    for name, kilobytes in re.findall(r"^(Rss|Pss):\s+(\d+)", "".join(said), re.MULTILINE):
        taken[name.lower()] += int(kilobytes) / 1024
    return taken


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
    return [*children, *(grandchild for child in children for grandchild in _below(child))]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
