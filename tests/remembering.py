"""The cross-encoder that ships, scoring each pair of a question and a sentence once: many tests ask the same questions."""

from collections.abc import Sequence

from assistant.model import CrossEncoder, SentenceScore

Sentence = tuple[str, tuple[str, str]]


class RememberingCrossEncoder(CrossEncoder):
    """Scores as `CrossEncoder` does, which scores each sentence by itself, and keeps every score."""

    def score(self, question: str, sentences: Sequence[Sentence]) -> list[SentenceScore]:
        known: dict[tuple[str, Sentence], SentenceScore] = self.__dict__.setdefault("_scores", {})
        missing = [sentence for sentence in dict.fromkeys(sentences) if (question, sentence) not in known]
        known.update(
            {(question, sentence): score for sentence, score in zip(missing, super().score(question, missing), strict=True)}
        )
        return [known[question, sentence] for sentence in sentences]
