"""The chat page, in Gradio: a question goes to `Assistant.ask`, and its answer comes back with citations as links.

`static/chat.js` opens those links in a panel beside the chat, and turns the links that stand for actions into buttons.
"""

import logging
from typing import Any
from urllib.parse import quote, urlencode

import gradio as gr
from starlette.requests import Request

from assistant import Assistant
from corpus import QuipuError
from ui.api.ask import AskService
from ui.pages import Frame, frame_of
from ui.telemetry.request_log import trace_of
from ui.visitor import error_message_for, visible_to_visitor
from ui.web.answer_html import answer_html, answer_markdown, escape, failure_html, unescape
from ui.wording import Language, other_language, say, suggest

_log = logging.getLogger(__name__)

_EXAMPLES = 4
_TITLES = 3  # documents named at the top of the page, before the rest are only counted

Message = dict[str, Any]


def chat_page(assistant: Assistant, asking: AskService, at_a_time: int) -> gr.Blocks:
    """Build the page, which handles so many of its events of one kind at a time.

    Its words follow the reader's language; its examples and the documents it names follow the library.
    """
    with gr.Blocks(title="Quipu", fill_height=True, analytics_enabled=False) as page:
        top = gr.Markdown(elem_id="top")
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
            autoscroll=False,
        )
        with gr.Row(elem_id="examples") as row:
            examples = [gr.Button(visible=False, size="sm") for _ in range(_EXAMPLES)]
        within = gr.Dropdown(elem_id="within", multiselect=True, visible=False, allow_custom_value=True)
        box = gr.Textbox(elem_id="question", show_label=False, autofocus=True, submit_btn=True, max_lines=4)

        def greet(request: gr.Request) -> list[Any]:
            frame, visible = frame_of(_http_request(request)), visible_to_visitor(assistant, _http_request(request))
            language = frame.language
            questions = suggest(visible.topics(_EXAMPLES), language)
            return [
                top_text(frame, request.query_params.multi_items() if request.query_params else []),
                about_text(visible, frame),
                gr.Chatbot(placeholder=welcome_text(language), label=say("chat_log", language)),
                _document_choice(visible, request, language),
                gr.Textbox(
                    placeholder=say("chat_ask", language), label=say("chat_ask", language), submit_btn=say("chat_send", language)
                ),
                *(gr.Button(question, visible=True) for question in questions),
                *([gr.Button(visible=False)] * (_EXAMPLES - len(questions))),
            ]

        def answer(
            question: str, messages: list[Message], documents: list[str] | None, request: gr.Request
        ) -> tuple[str, list[Message], gr.Row]:
            http_request = _http_request(request)
            left_in_box, root = "", http_request.scope["root_path"]
            if not question.strip():
                return "", messages, gr.Row()
            try:
                asked = asking.ask_within_limit(http_request, question, _questions(messages), documents or None)
                dates = {entry.id: entry.added[:10] for entry in visible_to_visitor(assistant, http_request).scope().entries()}
                site = f"{request.headers.get('origin') or ''}{root}"
                markdown = answer_markdown(asked.answer, lambda document_id: dates.get(document_id, ""), site)
                reply = answer_html(asked.answer, markdown, asked.feedback, root)
            except QuipuError as error:
                # The question goes back into the box, so that it needn't be typed again.
                reply, left_in_box = failure_html(error_message_for(error, http_request)), question
            except Exception as error:  # a bug: Gradio would print its message, which may quote the question
                request_id = http_request.scope["state"]["request_id"]
                _log.error("Request %s met a bug: %s", request_id, trace_of(error, with_message=False))
                reply, left_in_box = failure_html(f"{say('error_bug', frame_of(http_request).language)} ({request_id})"), question
            typed = {"role": "user", "content": escape(question)}
            return left_in_box, [*messages, typed, {"role": "assistant", "content": reply}], gr.Row(visible=False)

        def again(messages: list[Message], documents: list[str] | None, request: gr.Request) -> list[Message]:
            last = max((index for index, message in enumerate(messages) if message["role"] == "user"), default=-1)
            if last < 0:
                return messages
            return answer(_questions(messages[: last + 1])[-1], messages[:last], documents, request)[1]

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": at_a_time}
        page.load(greet, None, [top, about, chat, within, box, *examples], **private)
        box.submit(answer, [box, chat, within], [box, chat, row], **private)
        for example in examples:
            example.click(answer, [example, chat, within], [box, chat, row], **private)
        chat.retry(again, [chat, within], chat, **private)
    return page  # type: ignore[no-any-return]


def theme() -> gr.themes.Base:
    """Return the look of the page: the colours of paper, ink and dyed wool, and fonts that every machine has."""
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


def head(root: str) -> str:
    """Return the tags that the page's <head> has besides Gradio's own. `root` is the prefix of all links."""
    styles = "".join(f'<link rel="stylesheet" href="{root}/app-static/{name}.css">' for name in ("tokens", "chat", "source"))
    return f'{styles}<script src="{root}/app-static/chat.js" defer></script>'


def top_text(frame: Frame, query: list[tuple[str, str]]) -> str:
    """Return the top of the page as Markdown: that of `templates/page.html`, with what can be done with the conversation."""
    root, language, other = frame.root, frame.language, other_language(frame.language)
    onward = quote(f"{root}/?{urlencode(query)}" if query else f"{root}/", safe="")
    links = [
        f"[{say('documents_heading', language)}]({root}/documents)",
        f"[{say('chat_new', language)}](#new)",
        f"[{say('chat_save', language)}](#export)",
        f"[{say('language_switch', language)}]({root}/language/{other}?next={onward})",
    ]
    if frame.user:
        links.append(escape(frame.user))
    if frame.session:
        links.append(f"[{say('sign_out_button', language)}](#sign-out)")
    return f"# Quipu\n{' '.join(links)}"


def about_text(assistant: Assistant, frame: Frame) -> str:
    """Return the line of Markdown that names the documents."""
    scope, root, language = assistant.scope(), frame.root, frame.language
    entries = scope.entries()
    titles = [f"[{escape(document.title)}]({root}/documents/{entry.id})" for entry, document in scope.documents(entries[:_TITLES])]
    if len(entries) > _TITLES:
        titles.append(f"[{say('chat_more_documents', language, count=len(entries) - _TITLES)}]({root}/documents)")
    return f"{say('chat_answers_from', language)}: {', '.join(titles)}."


def welcome_text(language: Language) -> str:
    """Return what an empty chat says, as Markdown."""
    return f"## {say('chat_heading', language)}\n{say('chat_opening', language)}"


def _document_choice(assistant: Assistant, request: gr.Request, language: Language) -> gr.Dropdown:
    """Return the choice of documents to ask, with those in the page's address selected; it is hidden if there is only one."""
    scope = assistant.scope()
    choices = [(document.title, entry.id) for entry, document in scope.documents()]
    ids = {document_id for _, document_id in choices}
    in_address = request.query_params.getlist("documents") if request.query_params else []
    selected = [document_id for document_id in in_address if document_id in ids]
    return gr.Dropdown(choices=choices, value=selected, visible=len(choices) > 1, label=say("chat_ask_within", language))


def _http_request(request: gr.Request) -> Request:
    """Return the HTTP request that carried an event of the page, with the visitor that the sign-in found."""
    assert request.request is not None  # noqa: S101 - it is None only for Gradio's own examples, which this page doesn't use
    return request.request


def _questions(messages: list[Message]) -> list[str]:
    """Return the questions asked so far, oldest first, as they were typed."""
    questions = []
    for message in messages:
        if message["role"] == "user":
            content = message["content"]
            questions.append(unescape(content if isinstance(content, str) else "".join(part.get("text", "") for part in content)))
    return questions
