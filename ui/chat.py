"""The chat page, in Gradio: a question goes to `Assistant.ask`, and its answer comes back as text with citations that are links."""

import re
from typing import Any

import gradio as gr

from assistant import Answer, Assistant, Citation, Feedback
from corpus import QuipuError
from ui.feedback import keep
from ui.wording import Language, as_language, explain, language_for, place, say, suggest, within

_EXAMPLES = 4
_TITLES = 3  # documents named at the top of the page
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

Message = dict[str, Any]


def chat_page(assistant: Assistant, feedback: Feedback | None) -> gr.Blocks:
    """The page. Its words follow the browser's language; the documents it names and its examples follow the library."""
    with gr.Blocks(title="Quipu", fill_height=True, analytics_enabled=False) as page:
        about = gr.Markdown(elem_id="about")
        chat = gr.Chatbot(
            elem_id="chat",
            show_label=False,
            container=False,
            buttons=[],
            feedback_options=None,
            latex_delimiters=[],
            allow_tags=False,
            scale=1,
            height="auto",
        )
        with gr.Row(elem_id="examples") as row:
            examples = [gr.Button(visible=False, size="sm") for _ in range(_EXAMPLES)]
        box = gr.Textbox(elem_id="question", show_label=False, autofocus=True, submit_btn=True, max_lines=4)

        def greet(request: gr.Request) -> list[Any]:
            language = _language(request)
            questions = suggest(assistant.topics(_EXAMPLES), language)
            asking = gr.Textbox(placeholder=say("ask", language), label=say("ask", language), submit_btn=say("send", language))
            examples_shown = [gr.Button(question, visible=True) for question in questions]
            hidden = [gr.Button(visible=False)] * (_EXAMPLES - len(questions))
            empty = gr.Chatbot(placeholder=say("promise", language))
            return [about_text(assistant, language), empty, asking, *examples_shown, *hidden]

        def answer(question: str, messages: list[Message], request: gr.Request) -> tuple[str, list[Message], gr.Row]:
            history = _questions(messages)
            try:
                given = assistant.ask(question, history)
                keep(feedback, given, history)
                reply = message(given)
            except QuipuError as error:
                reply = escape(str(error))
            asked = {"role": "user", "content": escape(question) or say("ask", _language(request))}
            return "", [*messages, asked, {"role": "assistant", "content": reply}], gr.Row(visible=False)

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(greet, None, [about, chat, box, *examples], **private)
        box.submit(answer, [box, chat], [box, chat, row], **private)
        for example in examples:
            example.click(answer, [example, chat], [box, chat, row], **private)
        chat.clear(lambda: gr.Row(visible=True), None, row, **private)
    return page  # type: ignore[no-any-return]


def theme() -> gr.themes.Base:
    """The look of the page: the colours of paper, ink and dyed wool, and fonts that every machine has."""
    sans = ["system-ui", "DejaVu Sans", "sans-serif"]
    look = gr.themes.Base(primary_hue="orange", neutral_hue="stone", radius_size="sm", font=sans, font_mono=["monospace"])
    return look.set(
        body_background_fill="#fbfaf7",
        body_background_fill_dark="#1a1917",
        body_text_color="#22211e",
        body_text_color_dark="#e9e5db",
        background_fill_primary="#fbfaf7",
        background_fill_primary_dark="#1a1917",
        link_text_color="#8a3b12",
        link_text_color_dark="#f0a57c",
        link_text_color_hover="#8a3b12",
        link_text_color_hover_dark="#f0a57c",
        link_text_color_visited="#8a3b12",
        link_text_color_visited_dark="#f0a57c",
        input_background_fill="#ffffff",
        input_background_fill_dark="#26241f",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#26241f",
    )


def about_text(assistant: Assistant, language: Language) -> str:
    """The head of the page, as Markdown: what answers here, and from what."""
    index = assistant.index()
    entries = index.entries()
    titles = [f"[{escape(document.title)}](/documents/{entry.id})" for entry, document in index.documents(entries[:_TITLES])]
    if len(entries) > _TITLES:
        titles.append(say("and_more", language, count=len(entries) - _TITLES))
    return f"# Quipu\n{say('answers_from', language)}: {', '.join(titles)}."


def message(answer: Answer) -> str:
    """An answer as Markdown: its sentences and where they stand, or why there is none and what comes nearest."""
    language = as_language(answer.language)
    parts = []
    if answer.searched != " ".join(answer.question.split()):
        parts.append(f"*{escape(say('searched', language, query=answer.searched))}*")
    if answer.reason is not None:
        parts.append(escape(explain(answer.reason, language)))
    for sentence in answer.sentences:
        links = "".join(f" {_link(f'[{number}]', answer.citations[number - 1])}" for number in sentence.citations)
        parts.append(escape(sentence.text) + links)
    if answer.citations:
        parts.append(f"**{say('sources', language)}**\n\n{_sources(answer.citations)}")
    if answer.nearest:
        related = "\n".join(f"- {escape(f'“{citation.text}”')} {_link(place(citation), citation)}" for citation in answer.nearest)
        parts.append(f"**{say('nearest', language)}**\n\n{related}")
    elif answer.suggestions:
        asked = "\n".join(f"- {escape(question)}" for question in suggest(answer.suggestions, language))
        parts.append(f"{say('you_could_ask', language)}\n\n{asked}")
    return "\n\n".join(parts)


def _sources(citations: tuple[Citation, ...]) -> str:
    """The places of an answer as Markdown, a line each, under the title of the document they are in."""
    lines = []
    for number, citation in enumerate(citations):
        if number == 0 or citation.document_id != citations[number - 1].document_id:
            lines.append(f"{escape(citation.title)}\n")
        lines.append(f"- {_link(f'[{citation.number}] {within(citation) or citation.source}', citation)}")
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is: a backslash before an ASCII punctuation mark makes it literal (CommonMark)."""
    return _PUNCTUATION.sub(r"\\\1", text)


def _link(text: str, citation: Citation) -> str:
    return f"[{escape(text)}]({citation.link})"


def _language(request: gr.Request) -> Language:
    return language_for(request.headers.get("accept-language"))


def _questions(messages: list[Message]) -> list[str]:
    """The questions asked so far, oldest first, as they were typed."""
    asked = []
    for said in messages:
        if said["role"] == "user":
            content = said["content"]
            text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
            asked.append(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text))
    return asked
