"""Everything that the tool refuses or fails at, in one tree.

    Failure                 exit 1    anything below, and what Azure or the cluster did not foresee
    ├── UsageError          exit 1    flags that contradict each other, or a flag that is missing
    ├── InvalidInput        exit 1    a file, stream, manifest or name that cannot be used
    ├── Unsupported         exit 1    a cluster, region or size that cannot have what was asked for
    ├── NotFound            exit 1    a named thing that does not exist
    ├── Refused             exit 1    a thing that exists, but is not ours or does not match
    ├── Denied              exit 1    a right or a policy that is in the way
    ├── Unavailable         exit 1    a service that cannot be reached, or cannot answer now
    ├── SignInRequired      exit 4    no credentials, or credentials that do not hold
    ├── NotFinished         exit 8    the work goes on in Azure; the same command goes on from there
    └── Interrupted         exit 130  Ctrl-C; 143 on SIGTERM, 129 on SIGHUP

Each carries `what` (one sentence: what is wrong, and where) and `advice` (what to do next).
A message never holds a secret: `redact` removes signatures and keys from foreign text.
"""

from __future__ import annotations

import re

_NAMED = r"(?:account[-_]?key|client[-_]?secret|client[-_]?assertion|(?:access|refresh|id)[-_]?token|password)"
_SIGNED = rf"(?:{_NAMED}|(?:(?<![a-z])|(?<=3f))sig)"
_PART = r"[^\s&\"'<>;,]"
# Of each the first group stays.
_SECRETS = (
    # "name": "value" in quotes of either kind, escaped where the JSON stands in a string; the end may be cut off.
    re.compile(rf"""(?is)({_NAMED}\\*["']?\s*[:=]\s*(\\*["']))(?:(?!\2)(?:\\.|.))+"""),
    # Without quotes a colon may be prose's (`password: must not be empty`), whose words have no digits.
    re.compile(rf"""(?i)({_NAMED}\\*["']?\s*:\s*)(?={_PART}*\d){_PART}+"""),
    re.compile(rf"(?i)({_SIGNED}\s?=\s?){_PART}+"),
    re.compile(rf"(?i)({_SIGNED}%(?:25)*3d)(?:(?!%(?:25)*26){_PART})+"),  # in a URL that is part of another
    re.compile(rf"(?i)(\bbearer\s+|\bsharedkey\s+\w+:){_PART}+"),
    re.compile(r"(\bsha256~)[\w-]+"),  # a token of OpenShift's OAuth server
    re.compile(r"()\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JSON Web Token
    re.compile(r"(://)[^/@\s]+(?=@)"),  # a URL's user and password
)
# How an advice speaks of the command line that is running, which only the command line knows (see Failure.naming).
_SAME_COMMAND = "run the same command again"


def redact(text: str) -> str:
    """`text` without SAS signatures, account keys, client secrets, tokens and a URL's user and password."""
    for secret in _SECRETS:
        text = secret.sub(r"\1REDACTED", text)
    return text


class Failure(Exception):
    """What is wrong and what to do next; printed as one `error:` line.

    `code` is the service's own word for it (`KeyBasedAuthenticationNotPermitted`), where there is one.
    """

    exit_code = 1

    def __init__(self, what: str, advice: str = "", *, code: str = "") -> None:
        self.code = code
        self.what = redact(" ".join(what.split()))
        self.advice = redact(" ".join(advice.split()))
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.what}; {self.advice}" if self.advice else self.what

    @property
    def repeats(self) -> bool:
        """Whether its advice is to run the same command again."""
        return _SAME_COMMAND in self.advice

    def naming(self, command: str) -> str:
        """The line for people: an advice to run the same command again spells it out."""
        advice = self.advice.replace(_SAME_COMMAND, f"run `{command}` again")
        return f"{self.what}; {advice}" if advice else self.what


class UsageError(Failure):
    """Flags that contradict each other, or a flag that is missing."""


class InvalidInput(Failure):
    """A file, stream, manifest or name that cannot be used."""


class Unsupported(Failure):
    """A cluster, region or VM size that cannot have what was asked for."""


class NotFound(Failure):
    """A named thing that does not exist."""


class Refused(Failure):
    """A thing that exists, but is not ours or does not match."""


class Denied(Failure):
    """A right or a policy that is in the way."""


class Unavailable(Failure):
    """A service that cannot be reached, or cannot answer now."""


class SignInRequired(Failure):
    """No credentials, or credentials that do not hold."""

    exit_code = 4


class NotFinished(Failure):
    """The work goes on in Azure; running the same command again goes on from there."""

    exit_code = 8


class Interrupted(Failure):
    """A signal ended the run; `exit_code` is 128 plus its number."""

    def __init__(self, what: str, advice: str = "", *, signal: int = 2) -> None:
        super().__init__(what, advice)
        self.exit_code = 128 + signal
