"""Servers that speak MongoDB's wire protocol, for tests where there is no mongod.

`keeping` keeps documents as the BSON that came, so that what a client sent can be read back to the last
digit; it knows the commands that the target sends and no query language. `sqlite` is nx-27017, somebody
else's server on SQLite: it has queries and indexes, and refuses what it has no form for, such as
Decimal128. With WAYBILL_TEST_MONGODB in the environment a real server takes the place of both.
"""

from __future__ import annotations

import os
import re
import socket
import socketserver
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
import pymongo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymongo.database import Database

SETTING = "WAYBILL_TEST_MONGODB"
REAL = os.environ.get(SETTING)
"""Read at once: the tests' environment is freed of settings before they run."""
_OP_MSG = 2013
_HEADER = 16
_START_SECONDS = 20.0
_MAX_BYTES = 16 * 2**20

Document = dict[str, Any]


@dataclass
class Kept:
    """What a `keeping` server holds and does.

    Attributes:
        collections: By name, the documents by `_id`'s text.
        commands: Names of the commands that came, but for those of the connection itself.
        refuse: Says of a document why it is refused, or None.
        loses: `_id`s of documents that are confirmed and not kept.
        breaks_after: The connection breaks at the write command of this number, from 1.
    """

    collections: dict[str, dict[str, Document]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    indexes: dict[str, list[Document]] = field(default_factory=dict)
    refuse: Callable[[Document], str | None] = lambda _: None
    loses: set[Any] = field(default_factory=set)
    breaks_after: int = 0

    def answer(self, command: Document) -> Document:
        """Run a command; an unknown one is an error, as on any server."""
        name = next(iter(command))
        known = {
            "hello": self._hello, "ismaster": self._hello, "isMaster": self._hello,
            "ping": lambda _: {}, "endSessions": lambda _: {}, "buildInfo": lambda _: {"version": "7.0.0"},
            "update": self._update, "delete": self._delete, "aggregate": self._count, "find": self._find,
            "createIndexes": self._create_indexes, "listCollections": self._list, "dropDatabase": self._drop,
        }  # fmt: skip
        if name not in known:
            return {"ok": 0, "code": 59, "errmsg": f"no such command: {name}"}
        if name not in {"hello", "ismaster", "isMaster", "ping", "endSessions"}:
            self.commands.append(name)
        return {"ok": 1} | known[name](command)

    def _hello(self, _: Document) -> Document:
        sizes = {"maxBsonObjectSize": _MAX_BYTES, "maxMessageSizeBytes": 3 * _MAX_BYTES}
        versions = {"minWireVersion": 0, "maxWireVersion": 21, "maxWriteBatchSize": 100_000}
        return {"isWritablePrimary": True, "ismaster": True, "readOnly": False} | sizes | versions

    def _update(self, command: Document) -> Document:
        if self.breaks_after and self.commands.count("update") >= self.breaks_after:
            raise ConnectionResetError
        held = self.collections.setdefault(command["update"], {})
        matched, upserted, errors = 0, [], []
        for index, each in enumerate(command["updates"]):
            document = each["u"]
            if reason := self.refuse(document):
                errors.append({"index": index, "code": 121, "errmsg": reason})
                continue
            key = repr(document["_id"])
            if key in held:
                matched += 1
            else:
                upserted.append({"index": index, "_id": document["_id"]})
            if document["_id"] not in self.loses:
                held[key] = document
        done: Document = {"n": matched + len(upserted), "nModified": matched}
        done |= {"upserted": upserted} if upserted else {}
        return done | ({"writeErrors": errors} if errors else {})

    def _delete(self, command: Document) -> Document:
        held = self.collections.setdefault(command["delete"], {})
        gone = [key for key, each in held.items() if _matches(each, command["deletes"][0]["q"])]
        for key in gone:
            del held[key]
        return {"n": len(gone)}

    def _count(self, command: Document) -> Document:
        held = self.collections.get(command["aggregate"], {})
        query = command["pipeline"][0]["$match"]
        count = sum(_matches(each, query) for each in held.values())
        batch = [{"_id": 1, "n": count}] if count else []
        return {"cursor": {"id": 0, "ns": "test", "firstBatch": batch}}

    def _find(self, command: Document) -> Document:
        held = self.collections.get(command["find"], {})
        found = [each for each in held.values() if _matches(each, command.get("filter", {}))]
        found.sort(key=lambda each: repr(each["_id"]))
        return {"cursor": {"id": 0, "ns": f"test.{command['find']}", "firstBatch": found}}

    def _list(self, _: Document) -> Document:
        names = [{"name": name, "type": "collection"} for name in self.collections]
        return {"cursor": {"id": 0, "ns": "test.$cmd.listCollections", "firstBatch": names}}

    def _create_indexes(self, command: Document) -> Document:
        self.indexes.setdefault(command["createIndexes"], []).extend(command["indexes"])
        return {}

    def _drop(self, _: Document) -> Document:
        self.collections.clear()
        return {}


def _matches(document: Document, query: Document) -> bool:
    """Equality, `$ne` and `$in`, which is all that the target asks for."""
    for name, wanted in query.items():
        value = document.get(name)
        if isinstance(wanted, dict) and "$ne" in wanted:
            holds = value != wanted["$ne"]
        elif isinstance(wanted, dict) and "$in" in wanted:
            holds = value in wanted["$in"]
        else:
            holds = value == wanted
        if not holds:
            return False
    return True


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            while header := self.rfile.read(_HEADER):
                length, request, _, opcode = (
                    int.from_bytes(header[at : at + 4], "little") for at in (0, 4, 8, 12)
                )
                body = self.rfile.read(length - _HEADER)
                command = _message(body) if opcode == _OP_MSG else _query(body)
                reply = bson.encode(self.server.kept.answer(command))  # type: ignore[attr-defined]
                self._send(request, opcode, reply)
        except (ConnectionError, ValueError):
            return

    def _send(self, request: int, opcode: int, reply: bytes) -> None:
        if opcode == _OP_MSG:
            body, answer = b"\0\0\0\0\0" + reply, _OP_MSG
        else:  # the first hello may come as OP_QUERY, which OP_REPLY answers
            body, answer = bytes(12) + b"\0\0\0\0" + (1).to_bytes(4, "little") + reply, 1
        numbers = (_HEADER + len(body), 0, request, answer)
        self.wfile.write(b"".join(each.to_bytes(4, "little") for each in numbers) + body)


def _message(body: bytes) -> Document:
    """The command of an OP_MSG: its body, and documents that came beside it."""
    at, command = 4, {}
    while at < len(body):
        kind, at = body[at], at + 1
        size = int.from_bytes(body[at : at + 4], "little")
        section = body[at : at + size]
        at += size
        if kind == 0:
            command = bson.decode(section) | command
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = list(bson.decode_iter(documents))
    # The command's name comes first, whatever came beside it.
    first = next(name for name in command if name not in {"updates", "deletes", "documents"})
    return {first: command[first]} | command


def _query(body: bytes) -> Document:
    _, _, rest = body[4:].partition(b"\0")
    return bson.decode(rest[8:])


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, kept: Kept) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept = kept


@contextmanager
def keeping() -> Iterator[tuple[str, Kept]]:
    """The URL of a server that keeps BSON, and what it holds."""
    kept = Kept()
    with _Server(kept) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"mongodb://127.0.0.1:{server.server_address[1]}/shop", kept
        finally:
            server.shutdown()


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a database of nx-27017, or of a real server's."""
    if REAL:
        name = f"waybill_{uuid.uuid4().hex[:12]}"
        address = re.sub(r"(mongodb(?:\+srv)?://[^/?]+)/?[^?]*", rf"\1/{name}", REAL)
        try:
            yield address
        finally:
            with pymongo.MongoClient[Document](address) as client:
                client.drop_database(name)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = Path(sys.executable).with_name("nx-27017")
    log = (folder / "nx-27017.log").open("wb")
    process = subprocess.Popen(
        [command, "--db", "memory", "-p", str(port)], cwd=folder, stdout=log, stderr=log
    )
    try:
        _wait_for(port, process)
        yield f"mongodb://127.0.0.1:{port}/shop"
    finally:
        process.kill()
        process.wait()
        log.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = f"nx-27017 does not answer on port {port}"
    raise RuntimeError(msg)


@contextmanager
def opened(url: str) -> Iterator[Database[Document]]:
    """The database of a URL."""
    with pymongo.MongoClient[Document](url, tz_aware=True) as client:
        yield client.get_default_database()
