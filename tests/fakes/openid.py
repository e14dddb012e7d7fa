"""An OpenID provider on this machine, with accounts of our making."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

METADATA = "/.well-known/openid-configuration"


@contextmanager
def openid_provider(*people: dict[str, Any]) -> Iterator[str]:
    """Run a provider whose people have these claims, ``sub`` among them; yields its issuer.

    It is a process of its own: the library it stands on warns of what it uses itself.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    for claims in people:
        words += ["--user-claims", json.dumps(claims)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert child.poll() is None, "the provider ended"
            try:
                urllib.request.urlopen(issuer + METADATA, timeout=5).close()  # noqa: S310  # ours
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError("the provider did not start within a minute")
        yield issuer
    finally:
        child.terminate()
        child.wait(20)
