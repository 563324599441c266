"""Zips and e-mails that an operator sends from the library page."""

from pathlib import Path

from fastapi.testclient import TestClient

from index import Catalogue, Encoder, Home
from tests.inline import add
from tests.made import REPORT, write
from tests.made_containers import mail, zipped
from tests.test_library_page import BRIDGES, NEWER, answer, names, send


def test_what_is_in_a_zip_is_added_from_it(client: TestClient) -> None:
    whole = zipped(bridges__txt=BRIDGES, forests__txt=REPORT, empty__txt="", photo__png=b"PNG")
    said = send(client, "x.zip", whole)
    assert [line["state"] for line in said if line["state"] != "encoding"] == ["reading", "added"]
    assert said[-1]["message"] == (
        "Added from x.zip: “Bridges of the east”, “Forests of the North”. x.zip › empty.txt is empty. "
        "x.zip › photo.png was passed over: Quipu doesn't read that type."
    )
    documents = client.get("/api/documents").json()
    assert [document["source"] for document in documents] == ["x.zip › bridges.txt", "x.zip › forests.txt"]
    assert said[-1]["ids"] == [document["id"] for document in documents]
    assert said[-1]["id"] == documents[0]["id"]
    assert answer(client, "When was the bridge over the Ucayali opened?") == "The bridge over the Ucayali was opened in 1999."
    other = zipped(bridges__txt=NEWER)
    refused = send(client, "x.zip", other)[-1]
    assert refused["state"] == "error"
    sentence = "The library already has documents from a file named x.zip: replace one of them with this file"
    assert refused["message"].startswith(sentence)
    replaced = send(client, "x.zip", other, replaces=documents[1]["id"])[-1]
    assert "It replaces x.zip › bridges.txt, added on 20" in replaced["message"]
    assert "No longer in x.zip, so removed: x.zip › forests.txt." in replaced["message"]
    assert names(client) == ["x.zip › bridges.txt"]


def test_an_email_is_added_with_what_is_attached(client: TestClient) -> None:
    sent = mail("The bridge", "The bridge is described in the file.\n", ("bridges.txt", BRIDGES.encode()))
    said = send(client, "sent.eml", sent)[-1]
    assert said["message"] == "Added from sent.eml: “The bridge”, “Bridges of the east”."
    assert names(client) == ["sent.eml", "sent.eml › bridges.txt"]
    assert said["id"] == client.get("/api/documents").json()[0]["id"]
    again = send(client, "sent.eml", sent)[-1]
    assert again["message"] == "Already in the library: sent.eml, sent.eml › bridges.txt."
    other = mail("The bridge", "Nothing is attached any more.\n")
    assert send(client, "sent.eml", other)[-1]["message"].startswith("There is already a document named sent.eml: replace it")
    replaced = send(client, "sent.eml", other, replaces=said["id"])[-1]
    assert replaced["state"] == "added"
    assert names(client) == ["sent.eml"]


def test_a_zip_of_another_place_is_replaced_as_a_whole(client: TestClient, home: Home, encoder: Encoder, tmp_path: Path) -> None:
    add(home, [write(tmp_path / "x.zip", zipped(a__txt=REPORT, b__txt=BRIDGES))], encoder, groups=["hr"])
    kept = client.get("/api/documents").json()[0]["id"]
    said = send(client, "x.zip", zipped(c__txt=NEWER, b__txt=BRIDGES), replaces=kept)[-1]
    assert said["state"] == "added"
    assert names(client) == ["x.zip › b.txt", "x.zip › c.txt"]
    assert [entry.groups for entry in Catalogue(home).active()] == [("hr",), ("hr",)]


def test_a_zip_without_documents_is_refused_in_words(client: TestClient) -> None:
    for whole, message in (
        (zipped(), "x.zip contains nothing that Quipu reads. It reads CSV, "),
        (zipped(photo__png=b"PNG"), "x.zip › photo.png was passed over"),
        (b"PK\x03\x04 cut", "x.zip is broken or cut short"),
    ):
        said = send(client, "x.zip", whole)[-1]
        assert said["state"] == "error"
        assert said["message"].startswith(message)
    many = zipped(**{f"{number}__txt": "" for number in range(5)})
    assert send(client, "x.zip", many)[-1]["message"].endswith("2.txt is empty. Other files that were not added: 2.")
    assert names(client) == ["peru-law-enforcement-corruption.txt"]
