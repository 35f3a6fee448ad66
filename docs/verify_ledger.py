#!/usr/bin/env python3
"""Verifies the log in a SQLite file without any of Fangxin's code: verify_ledger.py FILE [CHECKPOINT]; docs/ledger.md."""
import hashlib, json, sqlite3, sys


def fail(what):
    sys.exit(what)


def link(name, before, head, prev, digest, payload, says):
    """Holds a row against the one before it, and its text against its place; gives the text as a value."""
    if prev != head:
        fail(f"{name}: does not follow the {before} before it")
    if not isinstance(payload, bytes) or hashlib.sha256(head + payload).digest() != digest:
        fail(f"{name}: its hash is not that of its text")
    value = read(payload)
    if json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() != payload:
        fail(f"{name}: its text is not in order")
    if any(value.get(key) != what for key, what in says.items()):
        fail(f"{name}: its text says that it is {' '.join(str(value.get(key)) for key in says)}")
    return value


def read(payload):
    try:  # no text has a fraction: it reads as null, and so differs
        return dict(json.loads(payload.decode(), parse_float=lambda text: None))
    except (AttributeError, TypeError, ValueError):
        return {}


def main(path, checkpoint=None):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes  # the bytes as they lie there, not what they read as
    release = " || char(10) || ".join(["'fangxin release'", *"slice period no from_day to_day taken_at height hash definitions rules calendar body".split()])
    sealed = db.execute(f"select 'statistics ' || id, 1, statement from snapshots union all select 'release ' || slice || ' ' || period, no, {release} from releases")
    hashes, case, events = {(name.decode(), n): hashlib.sha256(text.split(b"\n\n")[0] + b"\n").hexdigest() for name, n, text in sealed}, None, 0
    for case_id, n, prev, digest, payload in db.execute("select case_id, seq, prev_hash, hash, payload from events order by case_id, seq"):
        if case_id != case:
            case, number, seq, head = case_id, read(payload).get("case"), 0, bytes(32)
        if n != seq + 1:
            fail(f"{number} event {n}: an event before it is missing")
        link(name := f"{number} event {n}", "event", head, prev, digest, payload, {"case": number, "seq": n})
        if (number, n) in hashes:
            fail(f"{name}: stands twice")
        hashes[number, n], seq, head, events = digest.hex(), n, digest, events + 1
    height, head, blocks = 0, bytes(32), {}
    for n, prev, digest, payload in db.execute("select height, prev_hash, hash, payload from blocks order by height"):
        if n != height + 1:
            fail(f"block {n}: a block before it is missing")
        for sealed in link(f"block {n}", "block", head, prev, digest, payload, {"height": n})["heads"]:
            if hashes.get((sealed["case"], sealed["seq"])) != sealed["hash"]:
                fail(f"{sealed['case']} event {sealed['seq']}: is not the event that block {n} sealed")
        height, head, blocks[str(n)] = n, digest, digest.hex()
    if checkpoint and blocks.get((kept := open(checkpoint).read().split("\n")[1].split())[0]) != kept[1]:
        fail(f"block {kept[0]}: is not the checkpoint's; the log ends at block {height}, as an old backup does")
    print(f"good: {events} events, {height} blocks")


if __name__ == "__main__":
    main(*sys.argv[1:])
