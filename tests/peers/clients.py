"""Five makers' worklist clients behind one call: a device's questions in, answers out."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from tests.peers import dcmtk, raw_datasets
from tests.peers.characters import decode, encode, reread
from tests.peers.raw_dicom import associated
from tests.peers.raw_pdus import BIG, EXPLICIT, IMPLICIT, WORKLIST
from tests.worklist.modality import ask, modality

HERE = Path(__file__).parent
# Keyword -> text, or a list of items; questions and answers alike.
Item = dict[str, Any]
Client = Callable[..., list[list[Item]]]
FINDSCU_OPTIONS = {IMPLICIT: ("-xi",), EXPLICIT: ("-xe",), BIG: ("-xb",)}


def findscu(
    port: int, syntax: str, aet: str, questions: list[Item], options: tuple[str, ...] = ()
) -> list[list[Item]]:
    """DCMTK, an association for each question."""
    replies = []
    for question in questions:
        keys = list(_command_line(question))
        chosen = (*FINDSCU_OPTIONS[syntax], *options)
        found = dcmtk.findscu(port, keys, aet=aet, options=chosen)
        assert (found.returncode, found.status) == (0, 0), found.output
        replies.append([_of_pydicom(answer) for answer in found.answers])
    return replies


def _command_line(question: Item, path: str = "", declared: str = "") -> Iterator[bytes]:
    declared = question.get("SpecificCharacterSet", declared)
    for keyword, value in question.items():
        if isinstance(value, list) and value:
            yield from _command_line(value[0], f"{path}{keyword}[0].", declared)
        elif value:
            yield f"{path}{keyword}=".encode() + encode(value, declared)
        else:
            yield (path + keyword).encode()


def odil(port: int, syntax: str, aet: str, questions: list[Item]) -> list[list[Item]]:
    """odil, by the distribution's own Python, which knows nothing of ours."""
    asked = {"port": port, "syntax": syntax, "aet": aet, "questions": list(map(_hex, questions))}
    replies = json.loads(_run(["/usr/bin/python3", "-I", str(HERE / "odil_find.py")], asked))
    return [[_reread(answer) for answer in answers] for answers in replies]


def _reread(answer: Item) -> Item:
    return {
        keyword: list(map(_reread, value)) if isinstance(value, list) else reread(value)
        for keyword, value in answer.items()
    }


def _hex(question: Item, declared: str = "") -> Item:
    """odil takes bytes: each value of a text as hexadecimal digits."""
    declared = question.get("SpecificCharacterSet", declared)
    return {
        keyword: (
            [_hex(item, declared) for item in value]
            if isinstance(value, list)
            else "\\".join(encode(part, declared).hex() for part in value.split("\\"))
        )
        for keyword, value in question.items()
    }


def dcmjs(port: int, syntax: str, aet: str, questions: list[Item]) -> list[list[Item]]:
    """dcmjs-dimse in Node; it writes UTF-8 and says so."""
    in_utf8 = [{**question, "SpecificCharacterSet": "ISO_IR 192"} for question in questions]
    asked = {"port": port, "syntax": syntax, "aet": aet, "questions": in_utf8}
    env = {**os.environ, "NODE_PATH": f"{_node_folder()}/node_modules"}
    replies = json.loads(_run(["node", str(HERE / "node" / "find.js")], asked, env))
    assert [reply["status"] for reply in replies] == [0] * len(questions), replies
    return [[_of_dcmjs(answer) for answer in reply["answers"]] for reply in replies]


@cache
def _node_folder() -> str:
    """Where the Node packages are; installs them when they are not there yet."""
    return _run(["sh", str(HERE / "node" / "install.sh")]).strip()


def _of_dcmjs(answer: Item) -> Item:
    found: Item = {}
    for keyword, value in answer.items():
        values = value if isinstance(value, list) else [value]
        if keyword.endswith("Sequence"):
            found[keyword] = [_of_dcmjs(item) for item in values if item]
        elif keyword not in {"_vrMap", "SpecificCharacterSet"}:  # which it says is always UTF-8
            found[keyword] = "\\".join(map(_dcmjs_text, values))
    return found


def _dcmjs_text(value: Any) -> str:
    if isinstance(value, dict):
        groups = (value.get(name) or "" for name in ("Alphabetic", "Ideographic", "Phonetic"))
        return reread("=".join(group.rstrip() for group in groups).rstrip("="))
    return "" if value is None else str(value).rstrip()


def pynetdicom(port: int, syntax: str, aet: str, questions: list[Item]) -> list[list[Item]]:
    """pynetdicom, one association."""
    replies = []
    with modality(port, aet, syntax=syntax) as assoc:
        for question in questions:
            asked = ask(assoc, _to_pydicom(question))
            assert asked.status == 0
            replies.append([_of_pydicom(answer) for answer in asked.answers])
    return replies


def _to_pydicom(question: Item) -> Dataset:
    ds = Dataset()
    for keyword, value in question.items():
        if isinstance(value, list):
            value = [_to_pydicom(item) for item in value]
        elif keyword == "SpecificCharacterSet":
            value = value.split("\\")
        setattr(ds, keyword, value)
    return ds


def _of_pydicom(ds: Dataset) -> Item:
    ds.decode()
    found: Item = {}
    for element in ds:
        if element.VR == "SQ":
            found[element.keyword] = [_of_pydicom(item) for item in element.value]
        elif element.VM > 1:
            found[element.keyword] = "\\".join(map(str, element.value))
        else:
            found[element.keyword] = "" if element.value is None else str(element.value)
    return found


def raw(port: int, syntax: str, aet: str, questions: list[Item]) -> list[list[Item]]:
    """Bytes on a socket, one association."""
    form = raw_datasets.FORMS[syntax]
    replies = []
    with associated(port, ((5, WORKLIST, (syntax,)),), calling=aet.encode()) as peer:
        for question in questions:
            identifier = raw_datasets.encode(_to_bytes(question), form)
            answers, final = peer.ask(identifier, context=5)
            assert final.status == 0
            replies.append(
                [_of_bytes(raw_datasets.decode(answer.dataset, form)) for answer in answers]
            )
        peer.release()
    return replies


def _to_bytes(question: Item, declared: str = "") -> Item:
    declared = question.get("SpecificCharacterSet", declared)
    return {
        keyword: (
            [_to_bytes(item, declared) for item in value]
            if isinstance(value, list)
            else encode(value, declared)
        )
        for keyword, value in question.items()
    }


def _of_bytes(answer: dict[int, Any], declared: str = "") -> Item:
    declared = answer.get(0x00080005, declared.encode()).decode()
    return {
        keyword_for_tag(tag): (
            [_of_bytes(item, declared) for item in value]
            if isinstance(value, list)
            else decode(value, declared)
        )
        for tag, value in answer.items()
    }


def _run(command: list[str], asked: Any = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        input=json.dumps(asked),
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


CLIENTS: dict[str, Client] = {
    "DCMTK": findscu,
    "odil": odil,
    "dcmjs-dimse": dcmjs,
    "pynetdicom": pynetdicom,
    "raw": raw,
}
SYNTAXES = {"implicit": IMPLICIT, "explicit": EXPLICIT, "big-endian": BIG}


def dcmjs_create(port: int, sop_class: str, aet: str, uid: str, elements: Item) -> Item:
    """Send an N-CREATE with dcmjs-dimse in Node; the answer's status, comment and UID."""
    asked = {"port": port, "sopClass": sop_class, "aet": aet, "uid": uid, "elements": elements}
    env = {**os.environ, "NODE_PATH": f"{_node_folder()}/node_modules"}
    script = str(HERE / "node" / "create.js")
    answer: Item = json.loads(
        _run(["node", script], asked | {"syntax": "1.2.840.10008.1.2.1"}, env)
    )
    return answer
