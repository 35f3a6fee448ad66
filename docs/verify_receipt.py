#!/usr/bin/env python3
"""Verifies a receipt without any of Fangxin's code, with openssl: verify_receipt.py RECEIPT KEY [WORDS]; docs/ledger.md."""
import base64, hashlib, json, subprocess, sys, tempfile


def main(path, key, words=None):
    text = open(path, "rb").read().rstrip(b"\r\n")
    receipt = json.loads(text)
    line = lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    if line(receipt) != text:
        sys.exit("not in its one spelling")
    signature = base64.b64decode(receipt.pop("signature"))
    site, key_id, data = key.split("+", 2)  # site+id+base64(1, 32 bytes of the public key)
    public = base64.b64decode(data)
    if hashlib.sha256(f"{site}\n".encode() + public).hexdigest()[:8] != key_id or public[0] != 1:
        sys.exit("the key is broken")
    if (receipt["site"], receipt["key"]) != (site, key_id):
        sys.exit("another key signed it")
    with tempfile.TemporaryDirectory() as folder:
        write = lambda name, content: open(f"{folder}/{name}", "wb").write(content)
        write("key", bytes.fromhex("302a300506032b6570032100") + public[1:])  # as DER
        write("text", b"fangxin receipt v2\n" + line(receipt))
        write("signature", signature)
        check = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
        if subprocess.run(check.split(), cwd=folder, capture_output=True).returncode:
            sys.exit("the signature is not that of this receipt")
    if words and "sha256:" + hashlib.sha256(bytes.fromhex(receipt["salt"]) + open(words, "rb").read()).hexdigest() != receipt["commitment"]:
        sys.exit("what was filed is something else")
    print(f"good: {site} gave this receipt for {receipt['case']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
