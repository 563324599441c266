"""The cross-encoder as it is trained: MiniLM with a head that says whether a sentence answers, and one that says where in it."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from transformers import BertModel


class TrainableCrossEncoder(nn.Module):
    """A BERT model under a head on [CLS], with a logit for the sentence's answering, and a head on each token, with two: the answer
    starts there, it ends there.
    """

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert
        width = bert.config.hidden_size
        self.answers = nn.Sequential(nn.Dropout(0.1), nn.Linear(width, width), nn.Tanh(), nn.Dropout(0.1), nn.Linear(width, 1))
        self.span = nn.Linear(width, 2)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return a model with the weights in this folder, those of all-MiniLM-L6-v2, under heads with random ones."""
        return cls(
            BertModel.from_pretrained(
                str(folder),
                add_pooling_layer=False,
                attn_implementation="eager",
                attention_probs_dropout_prob=0.0,
                local_files_only=True,
            )
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n,) logits of answering and (n, t, 2) logits of the span, from (n, t) token ids, their mask and their types."""
        states = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return self.answers(states[:, 0]).squeeze(-1), self.span(states)


def padded(rows: list[list[int]]) -> Tensor:
    """Return the rows as one tensor, filled up with 0."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
