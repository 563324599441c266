"""Everything that Quipu says in its own words, in English and in Spanish."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Literal, get_args

from assistant import Reason

Language = Literal["en", "es"]

LANGUAGE_COOKIE = "quipu_language"

NAMED = 3
"""Of how many documents, and of what is wrong with how many, a message speaks before it counts the others."""

_WORDS: dict[str, dict[Language, str]] = {
    "documents": {"en": "Documents", "es": "Documentos"},
    "other_code": {"en": "es", "es": "en"},
    "other_language": {"en": "Español", "es": "English"},
    "ask": {"en": "Ask the documents a question", "es": "Haga una pregunta a los documentos"},
    "send": {"en": "Ask", "es": "Preguntar"},
    "answers_from": {"en": "Answers come from", "es": "Las respuestas salen de"},
    "and_more": {"en": "and {count} more", "es": "y {count} más"},
    "promise": {
        "en": "## Ask the documents\nEvery answer is the document's own sentences. A number opens the document at that place.",
        "es": "## Pregunte a los documentos\nCada respuesta son frases del propio documento. Un número lo abre en ese lugar.",
    },
    "suggested": {"en": "What do the documents say about {topic}?", "es": "¿Qué dicen los documentos sobre {topic}?"},
    "state_answered": {"en": "Answered from the documents", "es": "Respondido con los documentos"},
    "state_partly": {"en": "Answered in part", "es": "Respondido en parte"},
    "state_not_in_documents": {"en": "Not in the documents", "es": "No está en los documentos"},
    "added_on": {"en": "added {date}", "es": "añadido el {date}"},
    "copy": {"en": "Copy with references", "es": "Copiar con referencias"},
    "copied": {"en": "Copied", "es": "Copiado"},
    "copy_link": {"en": "Copy link", "es": "Copiar enlace"},
    "helpful": {"en": "Helpful", "es": "Útil"},
    "not_helpful": {"en": "Not helpful", "es": "No es útil"},
    "why_not": {"en": "What is wrong with it? (optional)", "es": "¿Qué falla? (opcional)"},
    "send_feedback": {"en": "Send", "es": "Enviar"},
    "thanks": {"en": "Thank you, it is noted.", "es": "Gracias, queda anotado."},
    "export": {"en": "Save as Markdown", "es": "Guardar como Markdown"},
    "new": {"en": "New conversation", "es": "Nueva conversación"},
    "ask_within": {
        "en": "Ask within these documents only (none chosen: all)",
        "es": "Preguntar solo en estos documentos (sin elegir: en todos)",
    },
    "source": {"en": "Source", "es": "Fuente"},
    "previous": {"en": "Previous citation (left arrow)", "es": "Cita anterior (flecha izquierda)"},
    "next": {"en": "Next citation (right arrow)", "es": "Cita siguiente (flecha derecha)"},
    "no_source": {
        "en": "The source can't be shown now. Is Quipu still running?",
        "es": "No se puede mostrar la fuente ahora. ¿Sigue funcionando Quipu?",
    },
    "close": {"en": "Close (Esc)", "es": "Cerrar (Esc)"},
    "answers": {"en": "Questions and answers", "es": "Preguntas y respuestas"},
    "in_document": {"en": "In this document", "es": "En este documento"},
    "find": {"en": "Find in this document", "es": "Buscar en este documento"},
    "find_button": {"en": "Find", "es": "Buscar"},
    "found": {"en": "Places found", "es": "Lugares encontrados"},
    "found_count": {"en": "Places found: {count}", "es": "Lugares encontrados: {count}"},
    "found_most": {"en": "The first {count} places", "es": "Los primeros {count} lugares"},
    "outline": {"en": "Outline", "es": "Índice"},
    "download": {"en": "Download the original", "es": "Descargar el original"},
    "as_text": {"en": "Read as text", "es": "Leer como texto"},
    "as_pages": {"en": "See the pages", "es": "Ver las páginas"},
    "ask_this": {"en": "Ask this document only", "es": "Preguntar solo a este documento"},
    "smaller": {"en": "Smaller", "es": "Más pequeño"},
    "larger": {"en": "Larger", "es": "Más grande"},
    "cited": {"en": "Cited", "es": "Citado"},
    "open_document": {"en": "Open in the document", "es": "Abrir en el documento"},
    "searched": {"en": "Searched for: {query}", "es": "Se buscó: {query}"},
    "sources": {"en": "Sources", "es": "Fuentes"},
    "nearest": {"en": "Related, but not an answer:", "es": "Relacionado, pero no es una respuesta:"},
    "you_could_ask": {"en": "You could ask:", "es": "Podría preguntar:"},
    "page": {"en": "Page {label}", "es": "Página {label}"},
    "slide": {"en": "Slide {label}", "es": "Diapositiva {label}"},
    "page_without_text": {"en": "no text", "es": "sin texto"},
    "at_page": {"en": "p. {{}}", "es": "p. {{}}"},
    "at_slide": {"en": "slide {{}}", "es": "diapositiva {{}}"},
    "at_row": {"en": "row {{}}", "es": "fila {{}}"},
    "by_ocr": {"en": "read by OCR", "es": "leído por OCR"},
    "by_ocr_why": {
        "en": "The page is a picture; its words were recognised and may be misread: compare with the page.",
        "es": "La página es una imagen; sus palabras se reconocieron y pueden estar mal leídas: compare con la página.",
    },
    "table": {"en": "Table", "es": "Tabla"},
    "sheets": {"en": "Sheets", "es": "Hojas"},
    "part": {
        "en": "The document is long; this is a part of it: {where}.",
        "es": "El documento es largo; esta es una parte: {where}.",
    },
    "part_from_to": {"en": "{first} to {last}", "es": "{first} a {last}"},
    "part_first": {"en": "Beginning", "es": "Principio"},
    "part_earlier": {"en": "Before this", "es": "Antes"},
    "part_later": {"en": "After this", "es": "Después"},
    "part_last": {"en": "End", "es": "Final"},
    "back": {"en": "Ask a question", "es": "Hacer una pregunta"},
    "quote_not_found": {
        "en": "The quoted passage is not in this document any more. The document is shown from its beginning.",
        "es": "El pasaje citado ya no está en este documento. Se muestra el documento desde el principio.",
    },
    "no_document": {"en": "There is no such document.", "es": "No existe ese documento."},
    "empty": {
        "en": "Type a question, and it is looked up in the documents.",
        "es": "Escriba una pregunta y se buscará en los documentos.",
    },
    "gibberish": {
        "en": "That does not read as a question. Try it in plain words.",
        "es": "Eso no parece una pregunta. Pruebe con palabras sencillas.",
    },
    "small_talk": {
        "en": "Hello. Ask something, and it is looked up in the documents.",
        "es": "Hola. Haga una pregunta y se buscará en los documentos.",
    },
    "off_topic": {"en": "These documents do not answer that.", "es": "Estos documentos no responden a eso."},
    "not_said": {
        "en": "These documents do not answer that: they come near it, and do not say it.",
        "es": "Estos documentos no responden a eso: se acercan al tema, pero no lo dicen.",
    },
    "name_absent": {
        "en": "These documents do not answer that: “{subject}” does not appear in them.",
        "es": "Estos documentos no responden a eso: «{subject}» no aparece en ellos.",
    },
    "no_number": {
        "en": "These documents do not answer that: they give no number for it.",
        "es": "Estos documentos no responden a eso: no dan ninguna cifra.",
    },
    "no_year": {
        "en": "These documents do not answer that: they name no year for it.",
        "es": "Estos documentos no responden a eso: no indican ningún año.",
    },
    "no_date": {
        "en": "These documents do not answer that: they give no date for it.",
        "es": "Estos documentos no responden a eso: no indican ninguna fecha.",
    },
    "no_person": {
        "en": "These documents do not answer that: they do not say who.",
        "es": "Estos documentos no responden a eso: no dicen quién.",
    },
    "no_place": {
        "en": "These documents do not answer that: they do not say where.",
        "es": "Estos documentos no responden a eso: no dicen dónde.",
    },
    "no_cause": {
        "en": "These documents do not answer that: they do not say why.",
        "es": "Estos documentos no responden a eso: no dicen por qué.",
    },
    "language": {
        "en": "These documents do not answer that. It reads as {subject}; Quipu understands questions in English and Spanish.",
        "es": "Estos documentos no responden a eso. Parece estar en {subject}; Quipu entiende preguntas en español y en inglés.",
    },
    "partly": {"en": "“{part}”: {reason}", "es": "«{part}»: {reason}"},
    "no_documents": {"en": "There is no document to look in.", "es": "No hay ningún documento donde buscar."},
    "lib_own": {
        "en": "Answers are quoted from these documents, and from nothing else.",
        "es": "Las respuestas se citan de estos documentos y de nada más.",
    },
    "lib_shipped": {
        "en": "This report ships with Quipu, so that there is something to ask. The first document of your own replaces it.",
        "es": "Este informe viene con Quipu para que haya algo que preguntar. El primer documento que usted añada lo reemplaza.",
    },
    "lib_add": {"en": "Add documents", "es": "Añadir documentos"},
    "lib_drop": {"en": "or drop files here: {formats}", "es": "o suelte archivos aquí: {formats}"},
    "lib_title": {"en": "Document", "es": "Documento"},
    "lib_pages": {"en": "Pages", "es": "Páginas"},
    "lib_passages": {"en": "Passages", "es": "Pasajes"},
    "lib_language": {"en": "Language", "es": "Idioma"},
    "lib_added": {"en": "Added", "es": "Añadido"},
    "lib_no_text": {"en": "no text on {pages}", "es": "sin texto en {pages}"},
    "lib_ocr": {"en": "read by OCR: {pages}", "es": "con OCR: {pages}"},
    "lib_garbled": {"en": "{percent} % garbled", "es": "{percent} % ilegible"},
    "lib_running": {"en": "header and footer lines left out: {count}", "es": "líneas de encabezado y pie omitidas: {count}"},
    "lib_choose": {"en": "Choose “{title}”", "es": "Elegir «{title}»"},
    "lib_ask_chosen": {"en": "Ask within the chosen documents", "es": "Preguntar en los documentos elegidos"},
    "lib_ask": {"en": "Ask within", "es": "Preguntar"},
    "lib_groups_new": {
        "en": "Who may see what you add: groups, with commas between (empty: every reader)",
        "es": "Quién puede ver lo que añada: grupos, separados por comas (vacío: todos)",
    },
    "lib_groups": {
        "en": "Groups, with commas between (empty: every reader)",
        "es": "Grupos, separados por comas (vacío: todos)",
    },
    "lib_seen_by": {"en": "Seen by {groups} only", "es": "Visible solo para: {groups}"},
    "lib_limit": {"en": "Who may see it", "es": "Quién puede verlo"},
    "lib_limit_title": {"en": "Who may see “{title}”?", "es": "¿Quién puede ver «{title}»?"},
    "lib_limit_save": {"en": "Save", "es": "Guardar"},
    "lib_limited": {"en": "Saved. It applies from now on.", "es": "Guardado. Vale desde ahora."},
    "lib_not_searched": {"en": "Not searched yet.", "es": "Aún no se busca en él."},
    "lib_replace": {"en": "Replace", "es": "Reemplazar"},
    "lib_remove": {"en": "Remove", "es": "Quitar"},
    "lib_remove_question": {
        "en": "Remove “{title}”? Its text, its file and its passages are deleted from the library. This can't be undone.",
        "es": "¿Quitar «{title}»? Su texto, su archivo y sus pasajes se borran de la biblioteca. No se puede deshacer.",
    },
    "lib_removed": {"en": "It was removed.", "es": "Se quitó."},
    "lib_cancel": {"en": "Cancel", "es": "Cancelar"},
    "lib_waiting": {"en": "Waiting", "es": "En espera"},
    "lib_sending": {"en": "Sending", "es": "Enviando"},
    "lib_reading": {"en": "Reading", "es": "Leyendo"},
    "lib_encoding": {"en": "{done} of {of} passages", "es": "{done} de {of} pasajes"},
    "lib_done": {"en": "It was added as “{title}”.", "es": "Se añadió como «{title}»."},
    "lib_known": {"en": "It is in the library already, as {name}.", "es": "Ya está en la biblioteca, como {name}."},
    "lib_done_blank": {"en": "There is no text on {pages}.", "es": "No hay texto en {pages}."},
    "lib_done_ocr": {
        "en": "Read by OCR, and so perhaps misread: {pages}.",
        "es": "Con OCR, y por eso quizá con errores: {pages}.",
    },
    "lib_done_garbled": {
        "en": "{percent} % of its characters stand for nothing: its text can't be relied on.",
        "es": "El {percent} % de sus caracteres no significa nada: su texto no es fiable.",
    },
    "lib_done_running": {
        "en": "Header and footer lines left out: {count}.",
        "es": "Líneas de encabezado y pie omitidas: {count}.",
    },
    "lib_done_several": {"en": "Added from {name}: {titles}.", "es": "Añadido de {name}: {titles}."},
    "lib_known_several": {"en": "In the library already: {names}.", "es": "Ya en la biblioteca: {names}."},
    "lib_gone": {
        "en": "Removed, since {name} doesn't hold it any more: {names}.",
        "es": "Quitado, porque {name} ya no lo contiene: {names}.",
    },
    "lib_titled": {"en": "“{title}”", "es": "«{title}»"},
    "lib_and_more": {"en": "{names} and {count} more", "es": "{names} y {count} más"},
    "lib_more_wrong": {"en": "So it is with {count} more files.", "es": "Y así con {count} archivos más."},
    "lib_same_container": {
        "en": "Documents from a file named {name} are in the library: replace one of them by this file, or remove them first.",
        "es": "En la biblioteca hay documentos de un archivo llamado {name}: reemplace uno por este archivo, o quítelos antes.",
    },
    "lib_nothing_in": {
        "en": "{name} holds nothing that Quipu reads. It reads {formats}.",
        "es": "{name} no contiene nada que Quipu lea. Lee {formats}.",
    },
    "lib_done_no_text": {
        "en": "There is no text on {pages}: blank, or scanned; scanned pages are read by OCR where tesseract is installed.",
        "es": "No hay texto en {pages}: en blanco o escaneadas; las escaneadas se leen con OCR donde está instalado tesseract.",
    },
    "lib_known_not_replaced": {
        "en": "It is in the library already, as {name}; nothing was replaced.",
        "es": "Ya está en la biblioteca, como {name}; no se reemplazó nada.",
    },
    "lib_replaced": {
        "en": "It replaces {name}, which was added on {date}.",
        "es": "Reemplaza {name}, que se añadió el {date}.",
    },
    "some_pdf_page": {"en": "PDF page {pages}", "es": "la página {pages} del PDF"},
    "some_pdf_pages": {"en": "PDF pages {pages}", "es": "las páginas {pages} del PDF"},
    "some_page": {"en": "page {pages}", "es": "la página {pages}"},
    "some_pages": {"en": "pages {pages}", "es": "las páginas {pages}"},
    "some_slide": {"en": "slide {pages}", "es": "la diapositiva {pages}"},
    "some_slides": {"en": "slides {pages}", "es": "las diapositivas {pages}"},
    "some_sheet": {"en": "sheet {pages}", "es": "la hoja {pages}"},
    "some_sheets": {"en": "sheets {pages}", "es": "las hojas {pages}"},
    "of_page": {"en": "{count} page", "es": "{count} página"},
    "of_pages": {"en": "{count} pages", "es": "{count} páginas"},
    "of_slide": {"en": "{count} slide", "es": "{count} diapositiva"},
    "of_slides": {"en": "{count} slides", "es": "{count} diapositivas"},
    "of_sheet": {"en": "{count} sheet", "es": "{count} hoja"},
    "of_sheets": {"en": "{count} sheets", "es": "{count} hojas"},
    "lib_lost": {
        "en": "The connection to Quipu was lost; reload the page to see what was added.",
        "es": "Se perdió la conexión con Quipu; vuelva a cargar la página para ver qué se añadió.",
    },
    "lib_failed": {
        "en": "Quipu failed while adding this file; its log says why.",
        "es": "Quipu falló al añadir este archivo; su registro dice por qué.",
    },
    "lib_operator_only": {
        "en": "Only an operator of this Quipu may change the library.",
        "es": "Solo quien administra este Quipu puede cambiar la biblioteca.",
    },
    "lib_too_large": {
        "en": "The file is too large: Quipu takes up to {megabytes} MB.",
        "es": "El archivo es demasiado grande: Quipu acepta hasta {megabytes} MB.",
    },
    "lib_same_name": {
        "en": "There is another document named {name}: replace that one, or give the file another name.",
        "es": "Ya hay otro documento llamado {name}: reemplácelo, o dé otro nombre al archivo.",
    },
    "lib_long_name": {
        "en": "The name of the file is too long: Quipu takes up to {characters} characters.",
        "es": "El nombre del archivo es demasiado largo: Quipu acepta hasta {characters} caracteres.",
    },
    "lib_format": {
        "en": "{name} is of a type that Quipu doesn't read. It reads {formats}.",
        "es": "{name} es de un tipo que Quipu no lee. Lee {formats}.",
    },
    "sign_in": {"en": "Sign in", "es": "Iniciar sesión"},
    "sign_out": {"en": "Sign out", "es": "Cerrar sesión"},
    "sign_in_name": {"en": "Name", "es": "Nombre"},
    "sign_in_password": {"en": "Password", "es": "Contraseña"},
    "sign_in_wrong": {
        "en": "That name and password don't go together.",
        "es": "Ese nombre y esa contraseña no van juntos.",
    },
    "sign_in_ended": {
        "en": "Your session has ended. Sign in again in another tab, then ask again here: this conversation stays.",
        "es": "Su sesión ha terminado. Inicie sesión en otra pestaña y pregunte aquí de nuevo: esta conversación se conserva.",
    },
    "sign_in_wait": {
        "en": "There were too many wrong tries. Wait {seconds} s, then try again.",
        "es": "Hubo demasiados intentos fallidos. Espere {seconds} s y pruebe de nuevo.",
    },
    "sign_in_token": {
        "en": "The page that sent you here passed on a sign-in that is no longer good. Go back, reload it, and open this again.",
        "es": "La página de la que viene pasó una sesión que ya no vale. Vuelva, recárguela y abra esto de nuevo.",
    },
    "sign_in_broken": {
        "en": "Nobody can sign in now; the log of this Quipu says why.",
        "es": "Ahora nadie puede iniciar sesión; el registro de este Quipu dice por qué.",
    },
    "sign_in_elsewhere": {
        "en": "You are not signed in here. Open this from the page where you found Quipu, or by your organization's sign-in.",
        "es": "No ha iniciado sesión aquí. Ábralo desde la página donde encontró Quipu, o con el acceso de su organización.",
    },
    "widget_ask": {"en": "Your question", "es": "Su pregunta"},
    "widget_back": {"en": "Back to the answer", "es": "Volver a la respuesta"},
    "widget_looking": {"en": "Looking in the documents", "es": "Buscando en los documentos"},
    "widget_open": {"en": "Open Quipu", "es": "Abrir Quipu"},
    "widget_sign_in": {"en": "Sign in first: only then are questions answered.", "es": "Identifíquese antes de preguntar."},
    "widget_no_token": {
        "en": "This page couldn't sign you in to Quipu. Reload it, or ask whoever runs it.",
        "es": "Esta página no pudo identificarle ante Quipu. Vuelva a cargarla o consulte a quien la administra.",
    },
    "widget_unlisted": {
        "en": "Quipu doesn't answer pages of {origin}. Whoever runs Quipu can list this site.",
        "es": "Quipu no responde a las páginas de {origin}. Quien administra Quipu puede incluir este sitio en su lista.",
    },
    "widget_unreachable": {
        "en": "Quipu can't be reached. Check the connection, and ask again.",
        "es": "No se puede llegar a Quipu. Compruebe la conexión y vuelva a preguntar.",
    },
    "widget_failed": {
        "en": "Quipu failed to answer ({status}). Ask again in a while.",
        "es": "Quipu no pudo responder ({status}). Vuelva a preguntar en un rato.",
    },
    "widget_wait": {
        "en": "That was many questions in a short time. Ask again in {seconds} seconds.",
        "es": "Fueron muchas preguntas en poco tiempo. Vuelva a preguntar en {seconds} segundos.",
    },
    "widget_no_script": {
        "en": "This needs JavaScript, from Quipu's own address only.",
        "es": "Esto necesita JavaScript, solo desde la dirección de Quipu.",
    },
    "bug": {
        "en": "Quipu met a bug; its log says where.",
        "es": "Quipu tropezó con un error propio; su registro dice dónde.",
    },
    "not_ready": {
        "en": "Questions can't be answered now; the log of this Quipu says why.",
        "es": "Ahora no se puede responder a preguntas; el registro de este Quipu dice por qué.",
    },
    "metrics_operator_only": {
        "en": "Only an operator of this Quipu may see its measures.",
        "es": "Solo quien administra este Quipu puede ver sus medidas.",
    },
    "too_many_questions": {
        "en": "Too many questions in a short time. Try again in {wait}.",
        "es": "Demasiadas preguntas en poco tiempo. Inténtelo de nuevo en {wait}.",
    },
    "too_many_requests": {
        "en": "Too many requests in a short time. Try again in {wait}.",
        "es": "Demasiadas solicitudes en poco tiempo. Inténtelo de nuevo en {wait}.",
    },
    "body_too_large": {
        "en": "The request is too large: Quipu takes up to {megabytes} MB.",
        "es": "La solicitud es demasiado grande: Quipu acepta hasta {megabytes} MB.",
    },
    "in_en": {"en": "English", "es": "inglés"},
    "in_es": {"en": "Spanish", "es": "español"},
    "in_pt": {"en": "Portuguese", "es": "portugués"},
    "in_fr": {"en": "French", "es": "francés"},
    "in_de": {"en": "German", "es": "alemán"},
    "in_it": {"en": "Italian", "es": "italiano"},
}


def language_of(headers: Mapping[str, str]) -> Language:
    """The language that a reader chose (by the cookie of `/language/...`), or that the browser prefers."""
    with suppress(CookieError):
        chosen = SimpleCookie(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
        if chosen is not None and chosen.value in get_args(Language):
            return as_language(chosen.value)
    return language_for(headers.get("accept-language"))


def language_for(accept_language: str | None) -> Language:
    """English or Spanish, whichever a browser's Accept-Language header prefers; English if it names neither."""
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), place, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((as_language(tag) for _, _, tag in sorted(weighted) if tag in get_args(Language)), "en")


def as_language(code: str) -> Language:
    """The language of the words for text in the language `code`."""
    return "es" if code == "es" else "en"


def say(key: str, language: Language, **values: object) -> str:
    """The words for `key`, with `values` put in."""
    return _WORDS[key][language].format(**values)


def listed(names: Sequence[str], language: Language) -> str:
    """The first of many names, and how many more there are.

    >>> listed(["a.pdf", "b.pdf"], "en"), listed([*"abcdef"], "es")
    ('a.pdf, b.pdf', 'a, b, c y 3 más')
    """
    said, more = ", ".join(names[:NAMED]), len(names) - NAMED
    return said if more <= 0 else say("lib_and_more", language, names=said, count=more)


def language_name(code: str, language: Language) -> str:
    """What a language is called; its code where there is no word for it here."""
    names = _WORDS.get(f"in_{code}")
    return names[language] if names else code


def explain(reason: Reason, language: Language, part: str = "") -> str:
    """Why a question isn't answered, or a part of it."""
    subject = language_name(reason.subject, language) if reason.code == "language" else reason.subject
    said = say(reason.code, language, subject=subject)
    return say("partly", language, part=part, reason=said) if part else said


def suggest(topics: tuple[str, ...], language: Language) -> list[str]:
    """Topics as questions."""
    return [say("suggested", language, topic=topic) for topic in topics]
