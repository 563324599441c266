"""The cross-encoder as it is trained: BERT that reads a passage, with a head on the sentences' markers, and one on each token."""

from collections.abc import Mapping, Sequence
from typing import Self

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from assistant.model.passage_input import PassageInput

_HEAD_WIDTH = 32  # of MiniLM's attention heads


class TrainableCrossEncoder(nn.Module):
    """A BERT model, whose tokens see one another as `PassageInput.attention` says.

    Its head on markers has two logits: the sentence answers the question, and the sentence is about what is asked. Its head on the
    tokens of a sentence has two: the answer starts there, it ends there. There is no dropout, so equal steps give equal weights.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        config.attention_probs_dropout_prob = config.hidden_dropout_prob = 0.0
        config._attn_implementation = "eager"  # the one that the exporter can write
        width = config.hidden_size
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dense = nn.Linear(width, width)
        self.scores = nn.Linear(width, 2)
        self.span = nn.Linear(width, 2)
        nn.init.normal_(self.span.weight, std=0.02)
        nn.init.zeros_(self.span.bias)

    @classmethod
    def start(cls, weights: Mapping[str, Tensor], new_words: Tensor) -> Self:
        """Return a model with the weights of a BERT cross-encoder, by their names there, under vectors of further words, (n, d).

        Both logits of a marker are the one that the cross-encoder had for [CLS]. Raises ValueError if a weight is missing.
        """
        words = torch.cat([weights["bert.embeddings.word_embeddings.weight"], new_words])
        layers = {name.split(".")[3] for name in weights if name.startswith("bert.encoder.layer.")}
        model = cls(
            BertConfig(
                vocab_size=words.shape[0],
                hidden_size=words.shape[1],
                num_hidden_layers=len(layers),
                num_attention_heads=words.shape[1] // _HEAD_WIDTH,
                intermediate_size=weights["bert.encoder.layer.0.intermediate.dense.bias"].shape[0],
            )
        )
        named = {name: values for name, values in weights.items() if name.startswith("bert.") and ".pooler." not in name}
        named["bert.embeddings.word_embeddings.weight"] = words
        for part in ("weight", "bias"):
            named[f"dense.{part}"] = weights[f"bert.pooler.dense.{part}"]
            named[f"scores.{part}"] = torch.cat([weights[f"classifier.{part}"]] * 2)
        missing, unexpected = model.load_state_dict(named, strict=False)
        wrong = [name for name in (*missing, *unexpected) if not name.startswith("span.")]
        if wrong:
            raise ValueError(f"the weights of the cross-encoder do not fit: {', '.join(wrong)}")
        return model

    def forward(self, ids: Tensor, types: Tensor, positions: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n, t, 2) logits of markers and (n, t, 2) logits of the span, from (n, t) token ids, their types and positions,
        and (n, t, t) truth values that say which token sees which.
        """
        hidden = (1.0 - attention.unsqueeze(1).float()) * -1e4
        states = self.bert.embeddings(input_ids=ids, token_type_ids=types, position_ids=positions)
        for layer in self.bert.encoder.layer:
            given = layer(states, hidden)
            states = given[0] if isinstance(given, tuple) else given
        return self.scores(torch.tanh(self.dense(states))), self.span(states)


def batch_of(inputs: Sequence[PassageInput]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what the model takes for these inputs, filled up with 0 to the longest; a token that fills up sees itself alone."""
    width = max(len(one.ids) for one in inputs)
    attention = torch.eye(width, dtype=torch.bool).repeat(len(inputs), 1, 1)
    for number, one in enumerate(inputs):
        attention[number, : len(one.ids), : len(one.ids)] = torch.from_numpy(one.attention())
    ids, types, positions = (
        padded(rows) for rows in ([one.ids for one in inputs], [one.types for one in inputs], [one.positions for one in inputs])
    )
    return ids, types, positions, attention


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return rows of numbers as a tensor, shape (n, t), filled up with 0 to the longest."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
