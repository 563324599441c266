"""Makes the zips and e-mails that the tests read."""

import io
from email.message import EmailMessage
from zipfile import ZIP_DEFLATED, ZipFile


def zipped(**files: str | bytes) -> bytes:
    """A zip of these files; in their names "__" stands for a dot."""
    return zipped_as({name.replace("__", "."): data for name, data in files.items()})


def zipped_as(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def mail(subject: str, text: str, *attached: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ana <ana@example.org>", "board@example.org", subject
    message["Date"] = "Mon, 03 Feb 2025 10:00:00 +0000"
    message.set_content(text)
    for name, data in attached:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
