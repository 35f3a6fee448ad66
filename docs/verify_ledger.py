#!/usr/bin/env python3
"""Verifies the log in a SQLite file without any of Fangxin's code: docs/ledger.md."""
import hashlib
import json
import sqlite3
import sys


def fail(what):
    print(what)
    sys.exit(1)


def canonical(payload):
    return json.dumps(json.loads(payload), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def chained(prev, payload):
    return hashlib.sha256(prev + payload.encode()).digest()


def main(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    hashes, case, seq, head, events = {}, None, 0, bytes(32), 0
    rows = db.execute("select c.number, e.case_id, e.seq, e.prev_hash, e.hash, e.payload from events e"
                      " left join cases c on c.id = e.case_id order by e.case_id, e.seq")
    for number, case_id, n, prev, digest, payload in rows:
        if case_id != case:
            case, seq, head = case_id, 0, bytes(32)
        name = f"{number} event {n}"
        if n != seq + 1:
            fail(f"{name}: an event before it is missing")
        if prev != head:
            fail(f"{name}: does not follow the event before it")
        if chained(prev, payload) != digest:
            fail(f"{name}: its hash is not that of its text")
        entry = json.loads(payload)
        if canonical(payload) != payload or entry["case"] != number or entry["seq"] != n:
            fail(f"{name}: its text is not in order")
        seq, head, events = n, digest, events + 1
        hashes[number, n] = digest.hex()
    height, head = 0, bytes(32)
    for n, prev, digest, payload in db.execute("select height, prev_hash, hash, payload from blocks order by height"):
        if n != height + 1:
            fail(f"block {n}: a block before it is missing")
        if prev != head or chained(prev, payload) != digest or canonical(payload) != payload:
            fail(f"block {n}: does not follow, or its hash is not that of its text")
        for sealed in json.loads(payload)["heads"]:
            if hashes.get((sealed["case"], sealed["seq"])) != sealed["hash"]:
                fail(f"{sealed['case']} event {sealed['seq']}: is not the event that block {n} sealed")
        height, head = n, digest
    print(f"good: {events} events, {height} blocks")


if __name__ == "__main__":
    main(sys.argv[1])
