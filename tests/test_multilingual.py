"""Another encoder by QUIPU_MODEL: here a tiny one, made on the spot, that knows two languages."""

from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

from assistant import Assistant
from index import load_encoder
from tests.inline import add
from tests.made import write

SAME = {"wasiwatana": "prisons", "sachakuna": "forests", "hampina": "ill"}
"""Words of Quechua and of English that mean the same, and have the same vector."""


@pytest.fixture
def bilingual(tmp_path: Path) -> Path:
    """The folder of a sentence-transformers model of one layer."""
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *SAME, *SAME.values(), "are", "full", "cut", "down", "children", "."]
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(words)})
    model = BertModel(
        BertConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    )
    with torch.no_grad():
        vectors = model.embeddings.word_embeddings.weight.normal_()  # far from each other, beside what is added for places
        for word, other in SAME.items():
            vectors[words.index(word)] = vectors[words.index(other)]
    folder = tmp_path / "layers"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    path = tmp_path / "bilingual"
    SentenceTransformer(modules=[Transformer(str(folder), max_seq_length=64), Pooling(32)]).save(str(path))
    return path


@pytest.mark.usefixtures("home")
def test_a_question_in_its_other_language_finds_the_passage(
    bilingual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIPU_MODEL", str(bilingual))
    monkeypatch.setattr("index.encoders.load.cache_folder", lambda: tmp_path / "cache")
    assistant = Assistant.open()
    texts = ("Prisons are full.", "Forests are cut down.", "Children are ill.")
    add(assistant.home, [write(tmp_path / f"{number}.txt", text) for number, text in enumerate(texts)], assistant.encoder)
    for word, text in zip(SAME, texts, strict=True):
        assert assistant.search(word)[0].passage.text == text
        assert assistant.search(word)[0].ranks == {"dense": 1}  # no word index knows that they are the same
    assert assistant.ask("¿Qué cárceles están llenas?").citations[0].quote == "Prisons are full."
    encoder = load_encoder(str(bilingual))
    assert (encoder.dimension, encoder.notice) == (32, "")
