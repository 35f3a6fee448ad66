#!/usr/bin/env python3
"""Verifies a hand-over file without any of Fangxin's code, with openssl: verify_handover.py FILE KEY; docs/handover.md."""
import base64, hashlib, json, struct, subprocess, sys, tempfile, zipfile, zlib


def main(path, key):
    file = open(path, "rb").read()
    try:
        z = zipfile.ZipFile(path)
        pages = [(i.filename, z.read(i)) for i in z.infolist()]
        text = pages[0][1]
        handover = json.loads(text)
    except Exception as e:
        sys.exit(f"not a hand-over file: {e}")
    line = lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    if line(handover) != text:
        sys.exit("not in its one spelling")
    signature = base64.b64decode(handover.pop("signature"))
    site, key_id, data = key.split("+", 2)  # site+id+base64(1, 32 bytes of the public key)
    public = base64.b64decode(data)
    if (handover["site"], handover["key"]) != (site, key_id):
        sys.exit("another key signed it")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in [("key", bytes.fromhex("302a300506032b6570032100") + public[1:]), ("text", b"fangxin handover v1\n" + line(handover)), ("signature", signature)]:
            open(f"{folder}/{name}", "wb").write(content)
        check = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
        if subprocess.run(check.split(), cwd=folder, capture_output=True).returncode:
            sys.exit("the signature is not that of this file")
    if [(p["name"], p["sha256"], p["size"]) for p in handover["pages"]] != [(n, hashlib.sha256(b).hexdigest(), len(b)) for n, b in pages[1:]]:
        sys.exit("a page is not what the list says")
    out, end = b"", b""
    for name, body in pages:  # the ZIP anew, byte for byte
        rest = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(body), len(body), len(body), len(name), 0)
        end += b"PK\1\2" + struct.pack("<H", 20) + rest + struct.pack("<3H2L", 0, 0, 0, 0, len(out)) + name.encode()
        out += b"PK\3\4" + rest + name.encode() + body
    if out + end + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, len(pages), len(pages), len(end), len(out), 0) != file:
        sys.exit("something between the pages was changed")
    print(f"good: {site} made this file of {handover['case']} as of event {handover['seq']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
