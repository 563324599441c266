"""`Assistant`, whose method `ask` gives every user interface, test and evaluation its answers."""

import threading
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

from assistant.answer import Answer, Citation, Status
from assistant.compose import Composer, compose
from assistant.decision import Caution, Decision, decide, distinct
from assistant.feedback import Feedback
from assistant.question import encodable, parts_of, understand
from assistant.ranking import Evidence, Ranker, SentenceRanker
from assistant.settings import Settings
from assistant.shipped_report import open_shipped
from corpus import ISOLATED_PARSERS, FileParsers, IsolatedParsers
from index import NO_PROGRESS, AddResult, Catalogue, Encoder, Entry, Hit, Home, Index, Library, Progress, Scope, load_encoder

_PASSAGES = 8
"""The passages that are found for a question; the ranker reads the first of them."""

_NEAREST = 3
"""The closest sentences that are shown if there is no answer."""

_NAMED = 3
"""The documents that a notice lists by name."""


class _OpenIndexes:
    """The open indexes, shared by an assistant and its views for particular readers."""

    def __init__(self) -> None:
        self.library: Index | None = None
        self.shipped: Index | None = None
        self.lock = threading.Lock()


class Assistant:
    """Answers questions from the documents of a home, or from the report that ships while the home has none.

    Safe to use from several threads. A document that is added or removed while it is open counts from the next question on.
    `parsers` parse the report that ships, and originals when they are verified.
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
        self._open_indexes = _OpenIndexes()
        self._groups: frozenset[str] | None = None  # of the reader who asks; None: an operator

    @classmethod
    def open(cls, home: Path | str | None = None, settings: Settings | None = None) -> Self:
        """Return the assistant of a home folder. Without one, it is that of the settings, and these are the environment's unless
        they are given; with both, the settings' home counts.

        Raises SettingsError if a setting is invalid, EncoderError if a model can't be loaded, LibraryError if the library can't be
        opened.
        """
        given = {} if home is None else {"home": Path(home)}
        settings = settings or Settings.load(**given)
        encoder = load_encoder(settings.model)
        parsers = IsolatedParsers(settings.read_options())
        assistant = cls(Home(settings.home), encoder, SentenceRanker.load(encoder), settings.caution, parsers)
        assistant.scope()
        return assistant

    def visible_to(self, groups: Collection[str] | None) -> Self:
        """Return this assistant as it answers a reader in these groups, to whom all other documents don't exist; None means an
        operator. It shares the open indexes, so making one is cheap.
        """
        if groups is None:
            return self
        view = copy(self)
        view._groups = frozenset(groups)
        return view

    def ask(self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None) -> Answer:
        """Answer `question`, asked after the questions in `history` (oldest first), from the documents with these ids (None: all).

        A refusal is an answer, too. Raises QuestionError if the question is too long, LibraryError or EncoderError if the library
        can't be opened.
        """
        question, history = encodable(question), [encodable(earlier) for earlier in history]
        scope = self.scope(documents)
        answer = self._ask(scope, question, history)
        if scope.stale():  # never quote a document that was removed or replaced in the meantime
            answer = self._ask(self.scope(documents), question, history)
        return answer

    def scope(self, documents: Collection[str] | None = None) -> Scope:
        """Return the documents that may be asked now: those with these ids (None: all) that the reader may see.

        The library is reopened if it changed. Raises LibraryError or EncoderError if it can't be opened.
        """
        return self._current_index().within(documents, self._groups)

    def index(self) -> Scope:
        """Return `scope()`: all that may be asked now, under the name that existing scripts use."""
        return self.scope()

    def add(self, paths: Sequence[Path], progress: Progress = NO_PROGRESS, groups: Collection[str] = ()) -> list[AddResult]:
        """Add files to the library of this home; see `Library.add`."""
        return self._library().add(paths, self.encoder, progress, groups)

    def remove(self, name: str) -> list[Entry]:
        """Remove the document with this name or id from the library of this home; see `Library.remove`."""
        return self._library().remove(name)

    def notice(self) -> str:
        """Return what an operator should fix, a sentence for each problem; "" if there is none."""
        index = self._current_index()
        searched = {entry.id for entry in index.within(None, self._groups).entries()}
        missing = [entry.name for entry in self._catalogue.active() if entry.visible_to(self._groups) and entry.id not in searched]
        listed = ", ".join(missing[:_NAMED]) + f" and {len(missing) - _NAMED} more" * (len(missing) > _NAMED)
        unsearched = f"Not searched: {listed}. Unless `quipu add` is still running, add what is missing again." if missing else ""
        is_outdated = index.outdated()
        outdated = "Another version of Quipu read the documents: run `quipu rebuild` to read them again." if is_outdated else ""
        untrained = (
            ""
            if self._ranker.is_trained
            else "The cross-encoder's weights are missing, so answers rely on similarity alone: reinstall Quipu."
        )
        return " ".join(sentence for sentence in (index.notice, unsearched, outdated, untrained, self.encoder.notice) if sentence)

    def topics(self, most: int, documents: Collection[str] | None = None) -> tuple[str, ...]:
        """Return at most `most` topics: headings of the documents added last, picked at even intervals."""
        return _topics(self.scope(documents), most)

    def search(
        self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None, k: int = _PASSAGES
    ) -> list[Hit]:
        """Return the `k` best passages for a question, as `ask` retrieves them."""
        scope = self.scope(documents)
        return scope.search(understand(encodable(question), history, scope).phrasings, k)

    def _ask(self, scope: Scope, text: str, history: Sequence[str]) -> Answer:
        """Answer a text that may ask several questions."""
        whole = understand(text, history, scope)
        generation = scope.generation if self._groups is None else 0  # else it would reveal that hidden documents were added
        answer = Answer(text, whole.searched, whole.language, "no_question", whole.no_question, generation=generation)
        if whole.no_question is not None:
            return replace(answer, suggestions=_topics(scope, _NEAREST))
        parts = parts_of(text)
        decisions: list[Decision] = []
        evidence_of: list[list[Evidence]] = []
        for index, part in enumerate(parts):
            question = whole if len(parts) == 1 else understand(part, [*history, *parts[:index]], scope)
            evidence = self._ranker.rank(question, scope, scope.search(question.phrasings, _PASSAGES))
            decisions.append(decide(question, evidence, scope, self._caution))
            evidence_of.append(evidence)
        chosen = dict.fromkeys(piece for decision in decisions for piece in decision.chosen[:1])
        chosen |= dict.fromkeys(piece for decision in decisions for piece in decision.chosen[1:])
        sentences, citations = self._compose(list(chosen))
        status = _status(decisions)
        unsure = [place for place, decision in enumerate(decisions) if decision.is_unsure]
        unanswered = unsure or [place for place, decision in enumerate(decisions) if decision.reason is not None]
        nearest = _nearest([piece for place in unanswered for piece in evidence_of[place]]) if unsure or not chosen else ()
        return replace(
            answer,
            status=status,
            reason=decisions[unanswered[0]].reason if unanswered else None,
            unanswered=parts[unanswered[0]] if unanswered and len(parts) > 1 else "",
            sentences=sentences,
            citations=citations,
            nearest=nearest,
            suggestions=tuple(dict.fromkeys(citation.heading_path[-1] for citation in nearest if citation.heading_path)),
            confidence=round(max(decision.confidence for decision in decisions), 6),
        )

    def _library(self) -> Library:
        return Library(self.home, self.parsers, [Feedback(self.home)])

    def _current_index(self) -> Index:
        """Return the library's index, or that of the report that ships while the reader may see no document in the library."""
        indexes = self._open_indexes
        with indexes.lock:
            if self._catalogue.active():
                if indexes.library is None or indexes.library.stale():
                    indexes.library = Index.open(self.home, self.encoder, self.parsers)
                if indexes.library is not None and indexes.library.within(None, self._groups).entries():
                    return indexes.library
            if indexes.shipped is None or indexes.shipped.stale():
                indexes.shipped = open_shipped(self.home, self.encoder, self.parsers)
            return indexes.shipped


def _status(decisions: Sequence[Decision]) -> Status:
    """Return the status of an answer, given the decision on each part of its question."""
    if any(decision.chosen for decision in decisions):
        return "answered" if all(decision.reason is None for decision in decisions) else "partly"
    return "unsure" if any(decision.is_unsure for decision in decisions) else "not_in_documents"


def _topics(scope: Scope, most: int) -> tuple[str, ...]:
    """Return what `Assistant.topics` does."""
    headings: dict[str, None] = {}  # in order, each once
    for _, document in scope.documents(scope.entries()[-most:]):
        for heading in document.headings:
            text = document.shown(heading.start, heading.end)
            if text != document.title and 2 <= len(text.split()) <= 8:
                headings.setdefault(text)
    step = max(1, len(headings) // most)
    return tuple(list(headings)[::step][:most])


def _nearest(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    """Return citations of the best sentences that don't say the same."""
    best = distinct(sorted(evidence, key=lambda piece: -piece.score), _NEAREST)
    return tuple(Citation.of(number, piece.document, piece.start, piece.end) for number, piece in enumerate(best, 1))
