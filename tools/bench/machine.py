"""The machine that was measured: its processor, memory and package versions, its peak speed, and the memory that processes use."""

import platform
import re
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assistant import SettingsError
from tools.cpu_flags import has_bfloat16, processor_flags, usable_cores

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp", "bf16", "i8mm")
"""The instruction sets that make an encoder faster, as Linux names them."""

_PACKAGES = ("quipu", "onnxruntime", "torch", "sentence-transformers", "faiss-cpu", "bm25s", "numpy")
_SIZE = 2048  # rows and columns of the matrices
_ROUNDS = 8


def machine() -> dict[str, str]:
    """Return what identifies the machine and its software, by name, ready to print."""
    model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    total = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    flags = processor_flags()
    return {
        "processor": model.group(1) if model else platform.processor() or platform.machine(),
        "cores": str(usable_cores()),
        "flags": " ".join(flag for flag in FLAGS if flag in flags) or "none that matter",
        "memory": f"{int(total.group(1)) / 2**20:.0f} GB" if total else "unknown",
        "system": platform.system(),
        "Python": platform.python_version(),
        **{name: installed for name in _PACKAGES if (installed := _version(name))},
    }


def peak_types() -> tuple[str, ...]:
    """Return the number types whose peak is worth measuring: float32, and bfloat16 where the processor has it in hardware.

    Elsewhere torch emulates bfloat16: its products take minutes and say nothing about the machine.
    """
    return ("float32", "bfloat16") if has_bfloat16() else ("float32",)


def matrix_peak(number_type: str) -> float:
    """Return the highest rate, in floating-point operations per second, at which torch multiplies two square matrices.

    `number_type` is one of `peak_types`.
    """
    import torch

    matrix = torch.rand(_SIZE, _SIZE).to(getattr(torch, number_type))
    best = 0.0
    with torch.inference_mode():
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            matrix @ matrix
            best = max(best, 2 * _SIZE**3 / (time.perf_counter() - started))
    return best


def memory(pid: int) -> dict[str, float]:
    """Return the megabytes used by a process and all its descendants: `rss` counts shared pages in full, `pss` in proportion.

    Raises SettingsError on a system without Linux's /proc.
    """
    megabytes = {"rss": 0.0, "pss": 0.0}
    try:
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text()]
        for child in _descendants(pid):
            with suppress(ProcessLookupError, FileNotFoundError):  # it has ended
                rollups.append(Path(f"/proc/{child}/smaps_rollup").read_text())
    except OSError as error:
        raise SettingsError(f"Can't measure the memory of a process, which needs Linux's /proc: {error.strerror}.") from None
    for name, kilobytes in re.findall(r"^(Rss|Pss):\s+(\d+)", "".join(rollups), re.MULTILINE):
        megabytes[name.lower()] += int(kilobytes) / 1024
    return megabytes


def _descendants(pid: int) -> list[int]:
    """Return the ids of the processes that a process started, of those that they started, and so on."""
    children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
    return [*children, *(grandchild for child in children for grandchild in _descendants(child))]


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
