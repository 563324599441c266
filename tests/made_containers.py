"""Makes the zips and e-mails that the tests read."""

from email.message import EmailMessage

from tests.zips import packed


def zipped(**files: str | bytes) -> bytes:
    """A zip of these files; in their names "__" stands for a dot."""
    return packed({name.replace("__", "."): data for name, data in files.items()})


def mail(subject: str, text: str, *attached: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ana <ana@example.org>", "board@example.org", subject
    message["Date"] = "Mon, 03 Feb 2025 10:00:00 +0000"
    message.set_content(text)
    for name, data in attached:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
