"""Digests made by openssl, so that no code of ours, nor Python's, checks itself."""

import base64
import subprocess


def digest(algorithm, message, key=None):
    """The raw hash of ``message``, or its HMAC under ``key``; texts are UTF-8."""
    mac = [] if key is None else ["-mac", "HMAC", "-macopt", f"hexkey:{_bytes(key).hex()}"]
    command = ["openssl", "dgst", f"-{algorithm}", *mac, "-binary"]
    return subprocess.run(command, input=_bytes(message), capture_output=True, check=True).stdout


def base64_digest(algorithm, message, key=None):
    return base64.b64encode(digest(algorithm, message, key)).decode()


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()
