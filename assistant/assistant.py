"""The assistant: one method, `ask`, by which every user interface, test and evaluation gets its answers."""

import threading
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

from assistant.answer import Answer, Citation
from assistant.compose import Composer, compose
from assistant.decision import Caution, Decision, decide
from assistant.evidence import Evidence, Ranker, SentenceRanker
from assistant.question import encodable, parts_of, understand
from assistant.settings import Settings
from assistant.shipped import open_shipped
from corpus import ISOLATED_PARSERS, FileParsers, IsolatedParsers
from index import Catalogue, Encoder, Hit, Home, Index, Scope, load_encoder

_PASSAGES = 8
"""Passages that are read for an answer."""

_NEAREST = 3
"""Places that are shown when there is no answer."""

_NAMED = 3
"""Documents that a notice names."""


class _Opened:
    """The indexes that are open, shared by an assistant and its views for single readers."""

    def __init__(self) -> None:
        self.own: Index | None = None
        self.shipped: Index | None = None
        self.lock = threading.Lock()


class Assistant:
    """Answers questions from the documents of a home, or from the report that ships while that has none.

    Safe to use from several threads. What is added or removed while it is open counts from the next question on. An encoder, a
    ranker of sentences and a composer of answers are handed in; `parsers` read originals anew, and the report that ships.
    """

    def __init__(
        self,
        home: Home,
        encoder: Encoder,
        ranker: Ranker,
        caution: Caution = "balanced",
        parsers: FileParsers = ISOLATED_PARSERS,
        compose: Composer = compose,
    ) -> None:
        self.home, self.encoder = home, encoder
        self.parsers, self._ranker, self._caution, self._compose = parsers, ranker, caution, compose
        self._catalogue = Catalogue(home)
        self._opened = _Opened()
        self._groups: frozenset[str] | None = None  # of the reader whom it answers; None: an operator

    @classmethod
    def open(cls, home: Path | str | None = None, settings: Settings | None = None) -> Self:
        """Return the assistant of a home folder; without one, of the folder in the settings (None: those of the environment).

        Raises SettingsError if a setting can't be used, EncoderError if a model can't be loaded, LibraryError if the library can't
        be opened.
        """
        settings = settings or Settings.load()
        encoder = load_encoder(settings.model)
        parsers = IsolatedParsers(settings.read_options())
        assistant = cls(Home(Path(home or settings.home)), encoder, SentenceRanker.load(encoder), settings.caution, parsers)
        assistant.scope()
        return assistant

    def visible_to(self, groups: Collection[str] | None) -> Self:
        """Return the assistant for a reader in these groups (None: an operator): documents that such a reader may not see aren't
        there for it. Made in no time; it shares all that is open.
        """
        if groups is None:
            return self
        view = copy(self)
        view._groups = frozenset(groups)
        return view

    def ask(self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None) -> Answer:
        """Answer `question`, asked after the questions `history` (oldest first), from the documents with these ids (None: all).

        "Not in the documents" is an answer. Raises QuestionError if the question is too long, LibraryError or EncoderError if the
        library can't be opened.
        """
        question, history = encodable(question), [encodable(earlier) for earlier in history]
        scope = self.scope(documents)
        answer = self._ask(scope, question, history)
        if scope.stale():  # what was removed or replaced in this very moment is not quoted
            answer = self._ask(self.scope(documents), question, history)
        return answer

    def scope(self, documents: Collection[str] | None = None) -> Scope:
        """Return what may be asked now: the documents with these ids (None: all) that the reader may see.

        The library is opened anew if it changed. Raises LibraryError or EncoderError if it can't be opened.
        """
        return self._index().within(documents, self._groups)

    def notice(self) -> str:
        """Return what an operator should mend, in a sentence each; "" if there is nothing."""
        index = self._index()
        searched = {entry.id for entry in index.within(None, self._groups).entries()}
        missing = [entry.name for entry in self._catalogue.active() if entry.visible_to(self._groups) and entry.id not in searched]
        listed = ", ".join(missing[:_NAMED]) + f" and {len(missing) - _NAMED} more" * (len(missing) > _NAMED)
        waiting = f"Not searched: {listed}. Unless `quipu add` is still at work, add again what is missing." if missing else ""
        outdated = "Another version of Quipu read the documents: `quipu rebuild` reads them anew." if index.outdated() else ""
        untrained = (
            ""
            if self._ranker.is_trained
            else "The weights of the cross-encoder are missing: answers go by likeness alone; install Quipu anew."
        )
        return " ".join(sentence for sentence in (index.notice, waiting, outdated, untrained, self.encoder.notice) if sentence)

    def topics(self, most: int, documents: Collection[str] | None = None) -> tuple[str, ...]:
        """Return at most `most` topics of the documents, as the headings of those added last put them, spread over them."""
        return _topics(self.scope(documents), most)

    def search(
        self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None, k: int = _PASSAGES
    ) -> list[Hit]:
        """Return the `k` best passages for a question, as `ask` finds them before it reads any."""
        scope = self.scope(documents)
        return scope.search(understand(encodable(question), history, scope).phrasings, k)

    def _ask(self, scope: Scope, text: str, history: Sequence[str]) -> Answer:
        """Answer a text that may ask several questions, one after the other."""
        whole = understand(text, history, scope)
        generation = scope.generation if self._groups is None else 0  # it would tell that something was added which isn't shown
        answer = Answer(text, whole.searched, whole.language, "no_question", whole.nothing, generation=generation)
        if whole.nothing is not None:
            return replace(answer, suggestions=_topics(scope, _NEAREST))
        parts = parts_of(text)
        decisions: list[Decision] = []
        related: list[Evidence] = []
        for place, part in enumerate(parts):
            question = whole if len(parts) == 1 else understand(part, [*history, *parts[:place]], scope)
            evidence = self._ranker.rank(question, scope, scope.search(question.phrasings, _PASSAGES))
            decisions.append(decide(question, evidence, scope, self._caution))
            related += evidence
        chosen = dict.fromkeys(piece for decision in decisions for piece in decision.chosen[:1])
        chosen |= dict.fromkeys(piece for decision in decisions for piece in decision.chosen[1:])
        sentences, citations = self._compose(list(chosen))
        nearest = () if chosen else _nearest(related)
        reason, missing = next(
            ((decision.reason, part) for decision, part in zip(decisions, parts, strict=True) if decision.reason), (None, "")
        )
        return replace(
            answer,
            status="not_in_documents" if not chosen else "answered" if reason is None else "partly",
            reason=reason,
            unanswered=missing if len(parts) > 1 else "",
            sentences=sentences,
            citations=citations,
            nearest=nearest,
            suggestions=tuple(dict.fromkeys(place.heading_path[-1] for place in nearest if place.heading_path)),
            confidence=round(max(decision.confidence for decision in decisions), 6),
        )

    def _index(self) -> Index:
        """Return the index in use: that of the home, or of the report that ships while the reader may see no document there."""
        opened = self._opened
        with opened.lock:
            if self._catalogue.active():
                if opened.own is None or opened.own.stale():
                    opened.own = Index.open(self.home, self.encoder, self.parsers)
                if opened.own is not None and opened.own.within(None, self._groups).entries():
                    return opened.own
            if opened.shipped is None or opened.shipped.stale():
                opened.shipped = open_shipped(self.home, self.encoder, self.parsers)
            return opened.shipped


def _topics(scope: Scope, most: int) -> tuple[str, ...]:
    """See `Assistant.topics`."""
    found: dict[str, None] = {}
    for _, document in scope.documents(scope.entries()[-most:]):
        for heading in document.headings:
            text = document.shown(heading.start, heading.end)
            if text != document.title and 2 <= len(text.split()) <= 8:
                found.setdefault(text)
    step = max(1, len(found) // most)
    return tuple(list(found)[::step][:most])


def _nearest(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    """The best sentence of each of the nearest sections."""
    sections: dict[tuple[str, tuple[str, ...]], Evidence] = {}
    for found in evidence:
        sections.setdefault((found.document.id, found.document.heading_path(found.start)), found)
    places = list(sections.values())[:_NEAREST]
    return tuple(Citation.of(number, found.document, found.start, found.end) for number, found in enumerate(places, 1))
