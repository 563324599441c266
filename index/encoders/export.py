"""Exports a sentence-transformers model to ONNX, and checks that the export gives the same vectors as the model itself."""

import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.encoders.model_files import sha256
from index.encoders.onnx_encoder import OnnxEncoder, open_tokenizer
from index.encoders.protocol import Vectors
from index.encoders.quantize import halve_tables, quantize
from index.encoders.sentence_transformers_encoder import SentenceTransformerEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

INT8, FP32 = "onnxruntime int8", "onnxruntime fp32"
GRAPH, TOKENIZER, RECORD = "model.onnx", "tokenizer.json", "encoder.json"

SLOWER = "is run by sentence-transformers, which starts and works several times more slowly"

_MIN_COSINE = {INT8: 0.99, FP32: 0.9999}
"""The least cosine that each vector must have with the original's."""

_MIN_SAME_FIRST = 0.98
"""The least share of questions that must rank the same passage first as the original does, or one that ties with it."""

_TIE = 0.01
"""Two passages whose cosines with a question differ by less than this tie."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """The contents of `encoder.json`, beside an exported graph. Without `sha256`, nothing was exported and `notice` says why."""

    fingerprint: str
    arithmetic: str
    limit: int = 0
    dimension: int = 0
    question_prompt: str = ""
    passage_prompt: str = ""
    notice: str = ""
    sha256: dict[str, str] | None = None
    check: dict[str, float] | None = None
    versions: dict[str, str] | None = None


class _ExportError(Exception):
    """The model can't be exported, or its export gives different vectors."""


def export(original: SentenceTransformerEncoder, folder: Path, *, int8: bool) -> Record:
    """Write the original's graph, its tokenizer and a record to `folder`, and return the record.

    The graph is int8 if that is requested and exact enough, and otherwise fp32. If neither can be made exact enough, only a record
    that says so is written. Raises OSError if the folder can't be written to, MemoryError if there is too little memory.
    """
    record = None
    trial = _Trial(original)
    for arithmetic in (INT8, FP32) if int8 else (FP32,):
        try:
            record = _export(original, folder, arithmetic, trial)
            break
        except (OSError, MemoryError):  # not recorded, because it may succeed the next time
            raise
        except Exception as error:  # whatever torch, ONNX and ONNX Runtime raise for an unsupported model
            _log.info("%s can't be run by %s: %s", original.name, arithmetic, error)
            reason = _reason(error)
    if record is None:
        for file in folder.iterdir():
            file.unlink()
        notice = f"The encoder {original.name} {SLOWER}, since ONNX Runtime can't run it: {reason}."
        record = Record(original.fingerprint, original.arithmetic, notice=notice, versions=_versions())
    (folder / RECORD).write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    return record


def open_export(folder: Path, name: str, threads: int | None = None) -> OnnxEncoder | Record | None:
    """Open the encoder exported to this folder. Return None if there is none, or if it is damaged.

    If the installed versions of the libraries could not export the model, return the record that says so.
    """
    try:
        record = Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
        if not record.sha256:
            return record if record.versions == _versions() else None
        if any(sha256(folder / file) != digest for file, digest in record.sha256.items()):
            return None
        return _encoder(record, folder, name, threads)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


class _Trial:
    """The texts that exports are calibrated and checked with, and the original's vectors of them."""

    def __init__(self, original: SentenceTransformerEncoder) -> None:
        texts = trial_texts()
        self.calibration = texts["calibration"]
        self._original = original
        self._questions = texts["questions"]
        self._passages = [*texts["passages"], "\n".join(texts["passages"][:8])]  # the last is longer than most limits

    @cached_property
    def _expected(self) -> tuple[Vectors, Vectors]:
        return self._original.questions(self._questions), self._original.passages(self._passages)

    def check(self, encoder: OnnxEncoder) -> dict[str, float]:
        """Compare an export with the original and return the figures. Raises _ExportError if they are not good enough."""
        questions, passages = self._expected
        own_questions, own_passages = encoder.questions(self._questions), encoder.passages(self._passages)
        cosines = np.concatenate([(questions * own_questions).sum(axis=1), (passages * own_passages).sum(axis=1)])
        similarities = questions @ passages.T
        similarities_found = np.take_along_axis(
            similarities, (own_questions @ own_passages.T).argmax(axis=1, keepdims=True), axis=1
        )[:, 0]
        is_same_first = similarities_found > similarities.max(axis=1) - _TIE
        figures = {
            "texts": len(cosines),
            "mean_cosine": round(float(cosines.mean()), 6),
            "least_cosine": round(float(cosines.min()), 6),
            "same_first": round(float(is_same_first.mean()), 4),
        }
        if not figures["least_cosine"] >= _MIN_COSINE[encoder.arithmetic] or not figures["same_first"] >= _MIN_SAME_FIRST:
            raise _ExportError(
                f"a vector has the cosine {figures['least_cosine']:.4f} with the original's, and {figures['same_first']:.0%} of "
                f"questions rank the same passage first"
            )
        return figures


@cache
def trial_texts() -> dict[str, list[str]]:
    """Return passages to calibrate with, others to check with, and questions that those answer; all written for Quipu."""
    texts: dict[str, list[str]] = json.loads(files("index.encoders").joinpath("trial_texts.json").read_text(encoding="utf-8"))
    return texts


def _export(original: SentenceTransformerEncoder, folder: Path, arithmetic: str, trial: _Trial) -> Record:
    model = original.model
    if not hasattr(model.tokenizer, "backend_tokenizer"):
        raise _ExportError("it has no fast tokenizer")
    model.tokenizer.backend_tokenizer.save(
        str(folder / TOKENIZER)
    )  # as configured now, which the model's own file need not reflect
    plain, graph = folder / "plain.onnx", folder / GRAPH
    if not plain.exists():
        _trace(model, plain)
    if arithmetic == INT8:
        tokenizer = open_tokenizer(folder / TOKENIZER)
        tokenizer.enable_truncation(original.limit)
        feeds = [{"input_ids": np.array([tokenizer.encode(text).ids], np.int64)} for text in trial.calibration]
        quantize(plain, graph, feeds)
    else:
        graph.write_bytes(plain.read_bytes())
    halve_tables(graph)
    _optimize(graph)
    record = Record(
        fingerprint=original.fingerprint,
        arithmetic=arithmetic,
        limit=original.limit,
        dimension=original.dimension,
        question_prompt=_prompt(model, ["query"]),
        passage_prompt=_prompt(model, ["document", "passage", "corpus"]),
        versions=_versions(),
    )
    figures = trial.check(_encoder(record, folder, original.name, None))
    plain.unlink()
    hashes = {file: sha256(folder / file) for file in (GRAPH, TOKENIZER)}
    return Record(**{**asdict(record), "check": figures, "sha256": hashes})


def _trace(model: "SentenceTransformer", path: Path) -> None:
    """Write the model's graph for one text: `input_ids` (1, t) to `sentence_embedding` (1, d), of unit length.

    A single text needs no attention mask, and is encoded 5 % faster without one.
    """
    import torch

    class Sentence(torch.nn.Module):
        def __init__(self, has_types: bool) -> None:
            super().__init__()
            self.parts, self.has_types = torch.nn.ModuleList(model), has_types

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids}
            if self.has_types:
                features["token_type_ids"] = torch.zeros_like(input_ids)
            for part in self.parts:
                features = part(features)
                features["attention_mask"] = torch.ones_like(input_ids)
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    example = model.preprocess(["The shortest of texts."])
    set_attention = getattr(getattr(model[0], "auto_model", None), "set_attn_implementation", None)
    if set_attention is not None:
        set_attention("eager")  # plain matrix products, which ONNX Runtime supports
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # about what the tracer takes as constant for one text
        torch.onnx.export(
            Sentence("token_type_ids" in example).eval(),
            (example["input_ids"],),
            str(path),
            input_names=["input_ids"],
            output_names=["sentence_embedding"],
            dynamic_axes={"input_ids": {1: "tokens"}},
            opset_version=17,
            dynamo=False,
        )


def _optimize(path: Path) -> None:
    """Replace a graph by its version optimised by ONNX Runtime, so that it need not be optimised at each start."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_EXTENDED  # the highest level that can be saved to a file
    optimized = path.with_name("optimized.onnx")
    options.optimized_model_filepath = str(optimized)
    InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    optimized.replace(path)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("onnx", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")}


def _prompt(model: "SentenceTransformer", names: Sequence[str]) -> str:
    """Return the prompt that the model puts before a text, chosen as its `encode_query` and `encode_document` do."""
    name = next((name for name in names if name in model.prompts), model.default_prompt_name)
    return (model.prompts.get(name) or "") if name else ""


def _encoder(record: Record, folder: Path, name: str, threads: int | None) -> OnnxEncoder:
    return OnnxEncoder(
        folder / GRAPH,
        folder / TOKENIZER,
        name=name,
        fingerprint=record.fingerprint,
        arithmetic=record.arithmetic,
        limit=record.limit,
        dimension=record.dimension,
        question_prompt=record.question_prompt,
        passage_prompt=record.passage_prompt,
        threads=threads,
    )


def _reason(error: Exception) -> str:
    """Return an error as one line of text."""
    if isinstance(error, _ExportError):
        return str(error)
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"
