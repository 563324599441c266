"""The reader as it is trained: MiniLM with two heads, one for whether a sentence answers, one for where in it the answer stands."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertModel


class ReaderModel(nn.Module):
    """all-MiniLM-L6-v2 under a head on [CLS] (one logit: the sentence answers) and a head on each token (two: it begins, it ends
    the answer).
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(
            str(folder),
            add_pooling_layer=False,
            attn_implementation="eager",
            attention_probs_dropout_prob=0.0,
            local_files_only=True,
        )
        width = self.bert.config.hidden_size
        self.answers = nn.Sequential(nn.Dropout(0.1), nn.Linear(width, width), nn.Tanh(), nn.Dropout(0.1), nn.Linear(width, 1))
        self.span = nn.Linear(width, 2)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
        """(n, t) ids of tokens -> (n,) logits and (n, t, 2) logits."""
        states = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        return self.answers(states[:, 0]).squeeze(-1), self.span(states)


def padded(rows: list[list[int]]) -> Tensor:
    """The rows as one tensor, filled up with 0."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
