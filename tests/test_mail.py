"""E-mail: its header, its text, and its attachments."""

import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from corpus import Document, DocumentError, read_bytes
from corpus.parsers.mail.eml import attachments
from tests.shown import blocks_of


def message(text: str = "", subject: str = "Sawmills in the north") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = '"Pérez, Ana" <ana@forests.example>'
    mail["To"] = "Luis Soto <luis@forests.example>, press@forests.example"
    mail["Date"] = "Thu, 04 Mar 2021 15:06:07 -0500"
    if text:
        mail.set_content(text)
    return mail


def document_of(mail: EmailMessage | bytes) -> Document:
    return read_bytes(mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP), "mail.eml")


HEADER_BLOCKS = [
    "Sawmills in the north",
    "From: Pérez, Ana <ana@forests.example>",
    "To: Luis Soto <luis@forests.example>, press@forests.example",
    "Date: Thu, 04 Mar 2021 15:06:07 -0500",
]


def test_a_message_keeps_its_header_and_the_text_it_quotes() -> None:
    mail = message(
        "Dear Luis,\n\nwe counted 412 sawmills. Most of them\nstand near the river.\n\n- one is ours\n- two are not\n\n"
        "On Monday Luis wrote:\n> How many sawmills\n> are there?\n>> I asked before.\n\nAna\n"
    )
    mail["Cc"] = "Rosa <rosa@forests.example>"
    document = document_of(mail)
    assert document.title == "Sawmills in the north"
    assert [(heading.level, document.shown(heading.start, heading.end)) for heading in document.headings] == [(1, HEADER_BLOCKS[0])]
    assert blocks_of(document) == [
        *HEADER_BLOCKS[:3],
        "Cc: Rosa <rosa@forests.example>",
        HEADER_BLOCKS[3],
        "Dear Luis,",
        "we counted 412 sawmills. Most of them stand near the river.",
        "one is ours",
        "two are not",
        "On Monday Luis wrote:",
        "How many sawmills are there?",
        "I asked before.",
        "Ana",
    ]


def test_of_alternative_texts_the_plain_one_is_used() -> None:
    mail = message("The plain text.")
    mail.add_alternative("<p>The <b>HTML</b>.</p><img src='http://evil.example/x'>", subtype="html")
    assert blocks_of(document_of(mail))[4:] == ["The plain text."]


def test_html_is_used_where_there_is_no_plain_text() -> None:
    mail = message()
    mail.set_content("<html><head><title>x</title></head><body><h2>Timber</h2><p>412 sawmills.</p></body></html>", subtype="html")
    assert blocks_of(document_of(mail))[4:] == ["Timber", "412 sawmills."]
    blank = message("\n \n")
    blank.add_alternative("<p>412 sawmills.</p>", subtype="html")
    assert blocks_of(document_of(blank))[4:] == ["412 sawmills."]


def test_texts_between_attachments_are_all_kept() -> None:
    mail = message("First.")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="map.png")
    mail.add_attachment("Second.", disposition="inline")
    mail.add_attachment("A list of its own.", filename="list.txt")
    assert blocks_of(document_of(mail))[4:] == ["First.", "Second."]


def test_attachments_are_named_without_folders() -> None:
    mail = message("See what is attached.")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="../../etc/report.pdf")
    mail.add_attachment("a;b", subtype="csv", filename="C:\\data\\año.csv")
    mail.add_attachment(b"PK", maintype="application", subtype="octet-stream")
    mail.add_attachment(message("The message before.", subject="Re: a/b"))
    next(mail.iter_parts()).add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    attached = attachments(mail.as_bytes(policy=SMTP), "mail.eml")
    assert [name for name, _ in attached] == ["report.pdf", "año.csv", "part 3.bin", "Re: a-b.eml"]
    assert [content for _, content in attached[:3]] == [b"%PDF-1.7", b"a;b\r\n", b"PK"]
    assert blocks_of(document_of(attached[3][1]))[-1] == "The message before."
    assert blocks_of(document_of(mail))[4:] == ["See what is attached."]
    assert attachments(message("Nothing.").as_bytes(), "mail.eml") == []


def test_wrong_and_unknown_encodings_are_decoded() -> None:
    head = b"From: a\nSubject: =?utf-8?q?A=C3=B1o?= =?what?q?x?= 2021\nContent-Transfer-Encoding: 8bit\n"
    assert blocks_of(document_of(head + b"Content-Type: text/plain; charset=nonsense\n\nEl ni\xf1o\n"))[-1] == "El niño"
    assert blocks_of(document_of(head + b"Content-Type: text/plain\n\n" + "El niño\n".encode()))[-1] == "El niño"
    assert document_of(b"From: a\nSubject: caf\xc3\xa9\n\nx 1\n").title == "café"
    assert document_of(head + b"\nx 1\n").title.endswith("2021")


def test_thousands_of_recipients_are_parsed_quickly() -> None:
    recipients = ", ".join(f'"Soto, Luis {number}" <luis{number}@forests.example>' for number in range(5000))
    assert document_of(f"From: a@b.example\nTo: {recipients}\n\nHello all.\n".encode()).text.count("@") == 5001


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Just a text.\n", "is not an e-mail: it has no sender, recipient, subject or date"),
        (b"From: a\n" + b"Content-Type: message/rfc822\n\n" * 60 + b"\nx", "nested more than 50 deep"),
        (b"From: a\n" + b"Content-Type: message/rfc822\n\n" * 5000 + b"\nx", "nested too deep"),
    ],
)
def test_a_file_that_is_not_an_e_mail_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    for function in (lambda: document_of(data), lambda: attachments(data, "mail.eml")):
        with pytest.raises(DocumentError, match=rf"^mail\.eml [^\n]*{sentence}[^\n]*$"):
            function()


def test_a_header_too_long_to_decode_is_kept_as_written() -> None:
    encoded = "=?utf-8?q?=C3=A1?= "
    started = time.monotonic()
    assert read_bytes(f"From: a@b.c\nSubject: {encoded * 100_000}\n\nWords.".encode(), "m.eml").text.endswith("Words.")
    assert time.monotonic() - started < 5
    assert read_bytes(f"From: a@b.c\nSubject: {encoded * 1000}\n\nWords.".encode(), "m.eml").text.startswith("á" * 1000)


def test_a_character_set_known_only_to_python_is_ignored() -> None:
    data = b"From: a@b.c\nContent-Type: text/plain; charset=punycode\n\nRivers-wide"
    assert blocks_of(read_bytes(data, "m.eml"))[-1] == "Rivers-wide"
