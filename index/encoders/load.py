"""Loads the encoder: from the cache of exported models, where it starts at once; the first time, the model is exported to it."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from index.encoders.export import SLOWER, Record, open_export
from index.encoders.model_files import DEFAULT_MODEL, cache_folder, check_default, fingerprint, go_offline, model_folder
from index.encoders.onnx_encoder import OnnxEncoder, has_int8
from index.encoders.protocol import Encoder
from index.encoders.sentence_transformers_encoder import SentenceTransformerEncoder

_EXPORTER = 1
"""Raise this when the same model is exported to other numbers, so that it is exported anew."""

_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from index import SentenceTransformerEncoder
from index.encoders.export import export
export(SentenceTransformerEncoder.load(sys.argv[2]), Path(sys.argv[3]), int8=bool(sys.argv[4]))
"""

_log = logging.getLogger(__name__)


def load_encoder(model: str = DEFAULT_MODEL, *, threads: int | None = None, cache: Path | None = None) -> Encoder:
    """The encoder named `model`: the default, a model's folder, or a name in the local Hugging Face cache.

    It is run by ONNX Runtime: in int8 where the processor has instructions for it, else in fp32. The first time, the model is
    exported to the `cache` (the user's, unless one is given) and compared with the original, which takes half a minute. A model
    that can't be exported, or isn't the same then, is run by sentence-transformers; the encoder's `notice` says so, as does a
    warning. `threads` is how many passages are encoded at the same time: one on each processor, unless it is given.

    Raises EncoderError if the model isn't on this machine, can't be loaded, or the default's weights aren't the ones expected.
    """
    go_offline()
    cache = cache or cache_folder()
    int8 = has_int8()
    place = cache / f"{fingerprint(model_folder(model), cache)}-{'int8' if int8 else 'fp32'}-{_EXPORTER}-{_runtime_version()}"
    found, notice = open_export(place, model, threads), ""
    if found is None:
        if model == DEFAULT_MODEL:
            check_default(model_folder(model))
        try:
            found = _export(model, place, threads, int8=int8)
        except OSError as error:
            notice = f"The encoder {model} {SLOWER}, since it can't be exported to {cache}: {error.strerror or error}."
    if isinstance(found, OnnxEncoder):
        return found
    original = SentenceTransformerEncoder.load(model)
    original.notice = found.notice if found else notice
    _log.warning(original.notice)
    return original


def _export(model: str, place: Path, threads: int | None, *, int8: bool) -> OnnxEncoder | Record | None:
    """Export the model to this place, unless another process just did. The place is there whole or not at all.

    Raises OSError if the place can't be written to, ChildProcessError as `export_apart` does.
    """
    from filelock import FileLock

    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.parent / f"{place.name}.lock"):
        if (found := open_export(place, model, threads)) is not None:
            return found
        _log.info("The encoder %s is prepared for this machine, once: this takes half a minute.", model)
        for left in place.parent.glob(f".{place.name}-*"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        made = Path(mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            export_apart(model, made, int8=int8)
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return open_export(place, model, threads)


def export_apart(model: str, folder: Path, *, int8: bool) -> None:
    """Export the model to this folder in a process of its own, since torch would stay in the memory of this one.

    Raises ChildProcessError if that process fails.
    """
    words = [str(Path(__file__).parents[2]), model, str(folder), "int8" if int8 else ""]
    done = subprocess.run(  # noqa: S603 - a program of our own
        [sys.executable, "-P", "-c", _PROGRAM, *words], check=False, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        raise ChildProcessError((done.stderr.strip().splitlines() or [f"its process ended with {done.returncode}"])[-1])


def _runtime_version() -> str:
    """The version of ONNX Runtime: an optimised graph is for the version that made it."""
    import onnxruntime

    return str(onnxruntime.__version__)
