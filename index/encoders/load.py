"""Loads the encoder from the cache of exported models, exporting the model the first time."""

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
"""The version of the exporter. Raise it when exports of the same model change, so that models are exported anew."""

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
    """Load the encoder named `model`: the default, a model's folder, or a name in the local Hugging Face cache.

    ONNX Runtime runs it, in int8 where the processor has instructions for it, and otherwise in fp32. The first time, the model is
    exported to the `cache` (by default the user's) and compared with the original, which takes half a minute. If it can't be
    exported, or its export gives different vectors, sentence-transformers runs it, and the encoder's `notice` and a warning say so.
    `threads` is how many passages are encoded at a time, by default one per processor.

    Raises EncoderError if the model is not on this machine or can't be loaded, or if the default model has unexpected weights.
    """
    go_offline()
    cache = cache or cache_folder()
    int8 = has_int8()
    export_folder = (
        cache / f"{fingerprint(model_folder(model), cache)}-{'int8' if int8 else 'fp32'}-{_EXPORTER}-{_runtime_version()}"
    )
    exported, notice = open_export(export_folder, model, threads), ""
    if exported is None:
        if model == DEFAULT_MODEL:
            check_default(model_folder(model))
        try:
            exported = _export(model, export_folder, threads, int8=int8)
        except OSError as error:
            notice = f"The encoder {model} {SLOWER}, since it can't be exported to {cache}: {error.strerror or error}."
    if isinstance(exported, OnnxEncoder):
        return exported
    original = SentenceTransformerEncoder.load(model)
    original.notice = exported.notice if exported else notice
    _log.warning(original.notice)
    return original


def _export(model: str, export_folder: Path, threads: int | None, *, int8: bool) -> OnnxEncoder | Record | None:
    """Export the model to a folder, unless another process just did. The folder appears complete or not at all.

    Raises OSError if the folder can't be written to, and ChildProcessError as `export_apart` does.
    """
    from filelock import FileLock

    export_folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(export_folder.parent / f"{export_folder.name}.lock"):
        if (exported := open_export(export_folder, model, threads)) is not None:
            return exported
        _log.info("Preparing the encoder %s for this machine. This is done once and takes half a minute.", model)
        for unfinished in export_folder.parent.glob(f".{export_folder.name}-*"):  # by a process that was killed
            shutil.rmtree(unfinished, ignore_errors=True)
        temporary = Path(mkdtemp(prefix=f".{export_folder.name}-", dir=export_folder.parent))
        try:
            export_apart(model, temporary, int8=int8)
            shutil.rmtree(export_folder, ignore_errors=True)
            temporary.rename(export_folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return open_export(export_folder, model, threads)


def export_apart(model: str, folder: Path, *, int8: bool) -> None:
    """Export the model to a folder in a separate process, since torch would stay in this one's memory.

    Raises ChildProcessError if that process fails.
    """
    arguments = [str(Path(__file__).parents[2]), model, str(folder), "int8" if int8 else ""]
    completed = subprocess.run(  # noqa: S603 - a program of our own
        [sys.executable, "-P", "-c", _PROGRAM, *arguments], check=False, capture_output=True, text=True, errors="replace"
    )
    if completed.returncode:
        raise ChildProcessError((completed.stderr.strip().splitlines() or [f"its process ended with {completed.returncode}"])[-1])


def _runtime_version() -> str:
    """Return the version of ONNX Runtime, since an optimised graph works only with the version that made it."""
    import onnxruntime

    return str(onnxruntime.__version__)
