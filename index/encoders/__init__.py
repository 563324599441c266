"""Turns text into unit vectors: the encoder interface, its implementations, and finding, exporting and checking models."""

from index.encoders.load import load_encoder
from index.encoders.model_files import DEFAULT_MODEL, default_folder, go_offline, is_at_hand
from index.encoders.onnx_encoder import OnnxEncoder
from index.encoders.protocol import Encoder, Vectors
from index.encoders.sentence_transformers_encoder import SentenceTransformerEncoder

__all__ = [
    "DEFAULT_MODEL",
    "Encoder",
    "OnnxEncoder",
    "SentenceTransformerEncoder",
    "Vectors",
    "default_folder",
    "go_offline",
    "is_at_hand",
    "load_encoder",
]
