"""What an emulator remembers: named collections of JSON documents, in SQLite or in memory."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Collection:
    """Documents by text key, in the order of their first `put`. Every write is on disk when it returns."""

    def __init__(self, db: sqlite3.Connection, name: str) -> None:
        self._db = db
        self._name = name
        self._cache: dict[str, Document] = {
            key: json.loads(body)
            for key, body in db.execute(
                "select key, body from documents where collection = ? order by position", (name,)
            )
        }

    def get(self, key: str) -> Document | None:
        """The stored document itself: change it and `put` it back."""
        return self._cache.get(key)

    def put(self, key: str, document: Document) -> Document:
        self._cache[key] = document
        self._db.execute(
            "insert into documents(collection, key, body) values (?, ?, ?)"
            " on conflict (collection, key) do update set body = excluded.body",
            (self._name, key, json.dumps(document, ensure_ascii=False)),
        )
        return document

    def delete(self, key: str) -> None:
        self._cache.pop(key, None)
        self._db.execute("delete from documents where collection = ? and key = ?", (self._name, key))

    def clear(self) -> None:
        self._cache.clear()
        self._db.execute("delete from documents where collection = ?", (self._name,))

    def next_id(self) -> int:
        """1, 2, 3, …: never given twice, not even after a delete or a restart."""
        row = self._db.execute(
            "insert into counters(name, value) values (?, 1)"
            " on conflict (name) do update set value = value + 1 returning value",
            (self._name,),
        ).fetchone()
        return int(row[0])

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._cache.values()))

    def __len__(self) -> int:
        return len(self._cache)

    def __contains__(self, key: str) -> bool:
        return key in self._cache


class Store:
    """One emulator's collections. `path` None keeps them in memory, as the tests do."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists documents(position integer primary key autoincrement,"
            " collection text, key text, body text, unique (collection, key));"
            "create table if not exists counters(name text primary key, value integer);"
        )
        self._collections: dict[str, Collection] = {}

    def collection(self, name: str) -> Collection:
        if name not in self._collections:
            self._collections[name] = Collection(self._db, name)
        return self._collections[name]

    def reset(self) -> None:
        """Forget every document. Ids go on: who remembers an old one does not meet it again as something else."""
        for collection in self._collections.values():
            collection.clear()
        self._db.executescript("delete from documents;")

    def close(self) -> None:
        self._db.close()
