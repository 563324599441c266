"""The assistant: one method, `ask`, by which every user interface, test and evaluation gets its answers."""

import logging
import threading
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

from assistant.answer import Answer, Citation, Reason
from assistant.compose import compose
from assistant.decision import Caution, Decision, decide
from assistant.evidence import Evidence, Ranker, SentenceRanker
from assistant.feedback import Feedback
from assistant.question import Question, encodable, parts_of, understand, unknown_language
from assistant.settings import Settings
from corpus import DEFAULT_READ_OPTIONS, QuipuError, ReadOptions, document_id, load, shipped
from index import (
    NO_PROGRESS,
    AddResult,
    Catalogue,
    Encoder,
    Entry,
    Hit,
    Home,
    Index,
    LibraryError,
    Progress,
    add,
    load_encoder,
    rebuild,
    remove,
)

_log = logging.getLogger(__name__)

_PASSAGES = 8
"""Passages that are read for an answer."""

_NEAREST = 3
"""Places that are shown when there is no answer."""

_NAMED = 3
"""Documents that a notice names."""


class _Opened:
    """The indexes that are open, shared by an assistant and what it is for single readers."""

    def __init__(self) -> None:
        self.own: Index | None = None
        self.shipped: Index | None = None
        self.lock = threading.Lock()


class Assistant:
    """Answers questions from the documents of a home, or from the report that ships while that has none.

    Safe to use from several threads. What is added or removed while it is open counts from the next question on.
    """

    def __init__(
        self,
        home: Home,
        encoder: Encoder,
        reader: Ranker,
        caution: Caution = "balanced",
        reading: ReadOptions = DEFAULT_READ_OPTIONS,
    ) -> None:
        self._home, self._encoder, self._reader, self._caution, self._reading = home, encoder, reader, caution, reading
        self._library = Catalogue(home)
        self._opened = _Opened()
        self._groups: frozenset[str] | None = None  # of the reader whom this is for; None: who may see everything

    @classmethod
    def open(cls, home: Path | str | None = None) -> Self:
        """The assistant of a home folder; without one, of the folder in the settings.

        Raises EncoderError if the model can't be loaded, LibraryError if the library can't be opened.
        """
        settings = Settings.load() if home is None else Settings.load(home=Path(home))
        encoder = load_encoder(settings.model)
        assistant = cls(Home(settings.home), encoder, SentenceRanker.load(encoder), settings.caution, settings.reading())
        assistant.index()
        return assistant

    def visible_to(self, groups: Collection[str] | None) -> Self:
        """The assistant for a reader in these groups (None: for who may see everything): it answers as if the documents that such
        a reader may not see weren't there. It is made in no time, and shares all that is open.
        """
        if groups is None:
            return self
        seen = copy(self)
        seen._groups = frozenset(groups)
        return seen

    def ask(self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None) -> Answer:
        """The answer to `question`, asked after the questions `history` (oldest first), within the documents of these ids.

        "Not in the documents" is an answer. Raises QuestionError if the question is too long.
        """
        question, history = encodable(question), [encodable(earlier) for earlier in history]
        index = self.index()
        answer = self._ask(index, question, history, documents)
        if index.stale():  # what was removed or replaced in this very moment is not quoted
            answer = self._ask(self.index(), question, history, documents)
        return answer

    def index(self) -> Index:
        """The index in use: opened anew if the library changed. Raises LibraryError or EncoderError if it can't be opened."""
        opened = self._opened
        with opened.lock:
            if self._library.active():
                if opened.own is None or opened.own.stale():
                    opened.own = Index.open(self._home, self._encoder, self._reading)
                own = opened.own if opened.own is None or self._groups is None else opened.own.visible_to(self._groups)
                if own is not None and own.entries():
                    return own
            if opened.shipped is None or opened.shipped.stale():
                opened.shipped = self._open_shipped()
            return opened.shipped

    def add(self, paths: Sequence[Path], progress: Progress = NO_PROGRESS, groups: Collection[str] = ()) -> list[AddResult]:
        """Add files to the library, as `index.add` does, and forget what was said of what they replace."""
        added = add(self._home, paths, self._encoder, progress, groups, self._reading)
        self._forget_removed()
        return added

    def remove(self, name: str) -> list[Entry]:
        """Remove the document of this name or id, as `index.remove` does, and forget what was said of it."""
        try:
            return remove(self._home, name)
        finally:
            self._forget_removed()

    @property
    def home(self) -> Home:
        """The home whose documents are asked."""
        return self._home

    def own(self) -> list[Entry]:
        """The documents that the operator added, also those not searched yet; empty while the report that ships is asked."""
        return [entry for entry in self._library.active() if entry.visible_to(self._groups)]

    def notice(self) -> str:
        """What an operator should mend, in a sentence each; "" if there is nothing."""
        index = self.index()
        found = {entry.id for entry in index.entries()}
        missing = [entry.name for entry in self.own() if entry.id not in found]
        listed = ", ".join(missing[:_NAMED]) + f" and {len(missing) - _NAMED} more" * (len(missing) > _NAMED)
        waiting = f"Not searched: {listed}. Unless `quipu add` is still at work, add again what is missing." if missing else ""
        outdated = "Another version of Quipu read the documents: `quipu rebuild` reads them anew." if index.outdated() else ""
        untrained = (
            "" if self._reader.is_trained else "The reader's weights are missing: answers go by likeness alone; install Quipu anew."
        )
        return " ".join(sentence for sentence in (index.notice, waiting, outdated, untrained, self._encoder.notice) if sentence)

    def topics(self, most: int, documents: Collection[str] | None = None) -> tuple[str, ...]:
        """What the documents are about, as the headings of those added last put it: at most `most`, spread over them."""
        index = self.index()
        found: dict[str, None] = {}
        asked = [entry for entry in index.entries() if documents is None or entry.id in documents]
        for _, document in index.documents(asked[-most:]):
            for heading in document.headings:
                text = document.shown(heading.start, heading.end)
                if text != document.title and 2 <= len(text.split()) <= 8:
                    found.setdefault(text)
        step = max(1, len(found) // most)
        return tuple(list(found)[::step][:most])

    def search(
        self, question: str, history: Sequence[str] = (), documents: Collection[str] | None = None, k: int = _PASSAGES
    ) -> list[Hit]:
        """The `k` best passages for a question, as `ask` finds them before it reads any."""
        index = self.index()
        return index.search(self._understand(index, encodable(question), history, documents).phrasings, k, documents)

    def _understand(self, index: Index, text: str, history: Sequence[str], documents: Collection[str] | None) -> Question:
        return understand(
            text, history, index.languages(documents), lambda term: index.frequency(term, documents) > 0, index.terms(documents)
        )

    def _ask(self, index: Index, text: str, history: Sequence[str], documents: Collection[str] | None) -> Answer:
        """The answer to a text that may ask several questions, one after the other."""
        whole = self._understand(index, text, history, documents)
        generation = index.generation if self._groups is None else 0  # it would tell that something was added which isn't shown
        answer = Answer(text, whole.searched, whole.language, "no_question", whole.nothing, generation=generation)
        if whole.nothing is not None:
            return replace(answer, suggestions=self.topics(_NEAREST, documents))
        parts = parts_of(text)
        read: list[Decision] = []
        related: list[Evidence] = []
        for place, part in enumerate(parts):
            question = whole if len(parts) == 1 else self._understand(index, part, [*history, *parts[:place]], documents)
            evidence = self._reader.read(question, index, index.search(question.phrasings, _PASSAGES, documents))
            read.append(self._decide(index, question, evidence, documents))
            related += evidence
        chosen = dict.fromkeys(piece for decision in read for piece in decision.chosen[:1])
        chosen |= dict.fromkeys(piece for decision in read for piece in decision.chosen[1:])
        sentences, citations = compose(list(chosen))
        nearest = () if chosen else _nearest(related)
        reason, missing = next(
            ((decision.reason, part) for decision, part in zip(read, parts, strict=True) if decision.reason), (None, "")
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
            confidence=round(max(decision.confidence for decision in read), 6),
        )

    def _decide(
        self, index: Index, question: Question, evidence: Sequence[Evidence], documents: Collection[str] | None
    ) -> Decision:
        size = index.size(documents)
        if not size:
            return Decision((), Reason("no_documents"), 0.0)
        languages = index.languages(documents)
        decision = decide(question, evidence, size, languages, lambda term: index.frequency(term, documents), self._caution)
        spoken = None if decision.chosen else unknown_language(question.text)
        if spoken is not None and spoken not in languages:
            return replace(decision, reason=Reason("language", spoken))
        return decision

    def _forget_removed(self) -> None:
        """What became of the library is not to be hidden by a store of feedback that can't be written."""
        try:
            Feedback(self._home).forget_removed()
        except LibraryError as error:
            _log.warning("Where answers stood in what was removed is not forgotten: %s", error)

    def _open_shipped(self) -> Index:
        """The index of the reports that ship, made here if it isn't there, or was made from others or by another encoder."""
        home, reports = self._home.shipped, shipped()
        expected = {document_id(load(path)) for path in reports}
        try:
            index = Index.open(home, self._encoder)
            is_right = index is not None and not index.outdated() and _readable(index) == expected
        except QuipuError:
            is_right = False
        if not is_right:
            rebuild(home, self._encoder)
            add(home, reports, self._encoder)
            for entry in Catalogue(home).active():
                if entry.id not in expected:
                    remove(home, entry.id)
            index = Index.open(home, self._encoder)
        if index is None:
            raise LibraryError(f"The shipped report could not be indexed in {home.path}.")
        return index


def _readable(index: Index) -> set[str]:
    """The ids of the documents whose texts are whole."""
    return {entry.id for entry, _ in index.documents(index.entries())}


def _nearest(evidence: Sequence[Evidence]) -> tuple[Citation, ...]:
    """The best sentence of each of the nearest sections."""
    sections: dict[tuple[str, tuple[str, ...]], Evidence] = {}
    for found in evidence:
        sections.setdefault((found.document.id, found.document.heading_path(found.start)), found)
    places = list(sections.values())[:_NEAREST]
    return tuple(Citation.of(number, found.document, found.start, found.end) for number, found in enumerate(places, 1))
