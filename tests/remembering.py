"""The cross-encoder that ships, reading each passage for a question once: many tests ask the same questions."""

from collections.abc import Sequence

from assistant.model import CrossEncoder, ReadPassage, SentenceScore


class RememberingCrossEncoder(CrossEncoder):
    """Scores as `CrossEncoder` does, which reads each passage by itself, and keeps every score."""

    def score(self, question: str, passages: Sequence[ReadPassage]) -> list[list[SentenceScore]]:
        known: dict[tuple[str, ReadPassage], list[SentenceScore]] = self.__dict__.setdefault("_scores", {})
        missing = [passage for passage in dict.fromkeys(passages) if (question, passage) not in known]
        known.update({(question, passage): score for passage, score in zip(missing, super().score(question, missing), strict=True)})
        return [known[question, passage] for passage in passages]
