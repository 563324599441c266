"""The processor of this machine: how many cores a process may use, and which instructions it has."""

import os
import re
from pathlib import Path

_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # Intel and AMD; Intel's matrix unit; Arm


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the instruction sets of the processor, as Linux names them; none where Linux's /proc is missing."""
    try:
        listed = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(listed[1].split()) if listed else frozenset()


def has_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 in hardware. One that emulates it is six times slower than in float32."""
    return not _BFLOAT16.isdisjoint(processor_flags())


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
