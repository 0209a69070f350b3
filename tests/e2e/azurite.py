"""Azurite, Microsoft's own emulator of storage: its blob service over https on loopback, in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.e2e.installing import from_npm, needed
from tests.e2e.serving import serving

VERSION = "3.37.0"


def azurite() -> Path:
    """A minute from nothing."""
    return from_npm(f"azurite@{VERSION}") / "azurite-blob"


@dataclass(frozen=True)
class Emulator:
    """Where it answers, and the file of the authority that its certificate is of."""

    url: str
    ca: Path


@contextmanager
def emulator(folder: Path, program: Path, accounts: dict[str, str]) -> Iterator[Emulator]:
    """Up until the block ends, with `accounts` (name -> key). Each answers below url/NAME."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    command = [str(program), "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence"]
    command += ["--disableTelemetry", "--silent", "--cert", "cert.pem", "--key", "key.pem"]
    environment = {
        "PATH": f"{needed('node').parent}:{os.defpath}",
        "HOME": str(folder),
        "NODE_EXTRA_CA_CERTS": "ca.pem",  # it reads a copy's source from itself
        "AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name, key in accounts.items()),
    }
    with serving(command, r"successfully listens on (https://\S+)", cwd=folder, env=environment) as ready:
        yield Emulator(ready[1], folder / "ca.pem")
