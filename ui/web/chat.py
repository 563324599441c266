"""The chat page, in Gradio: a question goes to `Assistant.ask`, and its answer comes back with citations that are links.

`static/chat.js` opens those links in a panel beside the chat, and makes buttons of what else can be done with an answer.
"""

import logging
from typing import Any
from urllib.parse import quote, urlencode

import gradio as gr
from starlette.requests import Request

from assistant import Assistant
from corpus import QuipuError
from ui.access.visitor import message_for, visible_to_visitor
from ui.api.ask import AskService
from ui.pages import Frame, frame_of
from ui.telemetry import trace_of
from ui.web.answer_html import escape, failure, kept_text, message, unescape
from ui.wording import Language, say, suggest

_log = logging.getLogger(__name__)

_EXAMPLES = 4
_TITLES = 3  # documents named at the top of the page

Message = dict[str, Any]


def chat_page(assistant: Assistant, asking: AskService) -> gr.Blocks:
    """The page. Its words follow the reader's language; the documents it names and its examples follow the library."""
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
            frame, seen = frame_of(_sent(request)), visible_to_visitor(assistant, _sent(request))
            language = frame.language
            questions = suggest(seen.topics(_EXAMPLES), language)
            return [
                top_text(frame, request.query_params.multi_items() if request.query_params else []),
                about_text(seen, frame),
                gr.Chatbot(placeholder=say("promise", language), label=say("answers", language)),
                _choice(seen, request, language),
                gr.Textbox(placeholder=say("ask", language), label=say("ask", language), submit_btn=say("send", language)),
                *(gr.Button(question, visible=True) for question in questions),
                *([gr.Button(visible=False)] * (_EXAMPLES - len(questions))),
            ]

        def answer(
            question: str, messages: list[Message], documents: list[str] | None, request: gr.Request
        ) -> tuple[str, list[Message], gr.Row]:
            sent = _sent(request)
            rest, root = "", sent.scope["root_path"]
            if not question.strip():
                return "", messages, gr.Row()
            try:
                given = asking.ask_within_limit(sent, question, _questions(messages), documents or None)
                entries = {entry.id: entry.added[:10] for entry in visible_to_visitor(assistant, sent).index().entries()}
                site = f"{request.headers.get('origin') or ''}{root}"
                kept = kept_text(given.answer, lambda document: entries.get(document, ""), site)
                reply = message(given.answer, kept, given.feedback, root)
            except QuipuError as error:
                reply, rest = failure(message_for(error, sent)), question  # to be mended rather than typed anew
            except Exception as error:  # a bug: Gradio would print its message, which may quote the question
                request_id = sent.scope["state"]["request_id"]
                _log.error("Request %s met a bug: %s", request_id, trace_of(error, with_message=False))
                reply, rest = failure(f"{say('bug', frame_of(sent).language)} ({request_id})"), question
            asked = {"role": "user", "content": escape(question)}
            return rest, [*messages, asked, {"role": "assistant", "content": reply}], gr.Row(visible=False)

        def again(messages: list[Message], documents: list[str] | None, request: gr.Request) -> list[Message]:
            last = max((place for place, said in enumerate(messages) if said["role"] == "user"), default=-1)
            if last < 0:
                return messages
            return answer(_questions(messages[: last + 1])[-1], messages[:last], documents, request)[1]

        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(greet, None, [top, about, chat, within, box, *examples], **private)
        box.submit(answer, [box, chat, within], [box, chat, row], **private)
        for example in examples:
            example.click(answer, [example, chat, within], [box, chat, row], **private)
        chat.retry(again, [chat, within], chat, **private)
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


def head(root: str) -> str:
    """What the page's HTML takes in, besides Gradio's own. `root` is the prefix of all links."""
    styles = "".join(f'<link rel="stylesheet" href="{root}/app-static/{name}.css">' for name in ("tokens", "chat", "source"))
    return f'{styles}<script src="{root}/app-static/chat.js" defer></script>'


def top_text(frame: Frame, query: list[tuple[str, str]]) -> str:
    """The head of the page, as Markdown; as in `templates/page.html`, with what can be done with the conversation."""
    root, language, other = frame.root, frame.language, say("other_code", frame.language)
    onward = quote(f"{root}/?{urlencode(query)}" if query else f"{root}/", safe="")
    links = [
        f"[{say('documents', language)}]({root}/documents)",
        f"[{say('new', language)}](#new)",
        f"[{say('export', language)}](#export)",
        f"[{say('other_language', language)}]({root}/language/{other}?next={onward})",
    ]
    if frame.user:
        links.append(escape(frame.user))
    if frame.session:
        links.append(f"[{say('sign_out', language)}](#sign-out)")
    return f"# Quipu\n{' '.join(links)}"


def about_text(assistant: Assistant, frame: Frame) -> str:
    """What answers come from, as Markdown."""
    index, root, language = assistant.index(), frame.root, frame.language
    entries = index.entries()
    titles = [f"[{escape(document.title)}]({root}/documents/{entry.id})" for entry, document in index.documents(entries[:_TITLES])]
    if len(entries) > _TITLES:
        titles.append(f"[{say('and_more', language, count=len(entries) - _TITLES)}]({root}/documents)")
    return f"{say('answers_from', language)}: {', '.join(titles)}."


def _choice(assistant: Assistant, request: gr.Request, language: Language) -> gr.Dropdown:
    """The choice of documents to ask within, those in the page's address chosen; hidden where there is only one."""
    index = assistant.index()
    choices = [(document.title, entry.id) for entry, document in index.documents(index.entries())]
    ids = {name for _, name in choices}
    asked = [name for name in request.query_params.getlist("documents") if name in ids] if request.query_params else []
    return gr.Dropdown(choices=choices, value=asked, visible=len(choices) > 1, label=say("ask_within", language))


def _sent(request: gr.Request) -> Request:
    """The HTTP request by which an event of the page came, with what the sign-in found out about it."""
    assert request.request is not None  # noqa: S101 - it is None only in Gradio's own examples, which aren't used
    return request.request


def _questions(messages: list[Message]) -> list[str]:
    """The questions asked so far, oldest first, as they were typed."""
    asked = []
    for said in messages:
        if said["role"] == "user":
            content = said["content"]
            asked.append(unescape(content if isinstance(content, str) else "".join(part.get("text", "") for part in content)))
    return asked
