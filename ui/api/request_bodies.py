"""The bodies of requests to the API, as pydantic models; the OpenAPI document and the tools' schemas are made from them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from assistant import LONGEST_COMMENT, LONGEST_QUESTION

_MOST_EARLIER_QUESTIONS = 100
_MOST_DOCUMENTS = 1000
_MOST_CITATIONS = 200


class Ask(BaseModel):
    """A question."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"question": "and in the north?", "history": ["Who controls the VRAEM?"]}]},
    )

    question: Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_QUESTION})]
    """The question, in English or Spanish."""

    history: Annotated[list[str], Field(max_length=_MOST_EARLIER_QUESTIONS)] = []
    """The questions asked before it, oldest first: a follow-up takes its topic from them."""

    documents: Annotated[list[str], Field(max_length=_MOST_DOCUMENTS)] | None = None
    """The ids of the documents to search; null for all. An unknown id counts as a document without text."""


class Judgement(BaseModel):
    """Whether an answer helped."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    feedback: str
    """The `feedback` id of the answer."""

    helpful: Annotated[bool, Field(strict=True)]
    """Whether it helped."""

    comment: Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_COMMENT})] = ""
    """What the reader says about it."""


class GivenCitation(BaseModel):
    """A citation of an answer. Any other field of a citation may be present, and is checked as well."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    number: NonNegativeInt
    """Its number."""
    document_id: str
    """The document's id."""
    source: str
    """The name of the document's file."""
    quote: str
    """The text, exactly as the document has it."""
    text: str
    """The quote as it is shown."""
    start: NonNegativeInt
    """Where the quote begins in the document's text, in characters."""
    end: NonNegativeInt
    """Where it ends: the character after the last."""


class GivenSentence(BaseModel):
    """A sentence of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str
    """The sentence."""


class GivenAnswer(BaseModel):
    """An answer to verify: the object that `/api/ask` or `quipu ask --json` returned."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str = ""
    """Its sentences as one text."""
    sentences: list[GivenSentence] = []
    """Its sentences."""
    citations: Annotated[list[GivenCitation], Field(max_length=_MOST_CITATIONS)]
    """Its citations."""
    status: str = ""
    """Its status."""
    nearest: Annotated[list[GivenCitation], Field(max_length=_MOST_CITATIONS)] = []
    """Its closest sentences, which are verified unless it is `not_in_documents`."""
