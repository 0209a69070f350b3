"""What Azure said when it refused: code, sentence and the rest, out of ARM's JSON or storage's XML and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from azure.core.exceptions import HttpResponseError

# What storage appends to its sentences, and the SDK to those.
_TRAILER = re.compile(r"\s*(RequestId:|Time:\d{4}|ErrorCode:).*", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """One refusal. `errors` holds the error objects of ARM's JSON, the outer one first, then its details'."""

    status: int = 0
    code: str = ""
    message: str = ""
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    errors: tuple[Mapping[str, Any], ...] = ()
    detail: str = ""  # storage's AuthenticationErrorDetail

    @property
    def codes(self) -> list[str]:
        """The inner ones first: the outer one may say no more than `Conflict` or `OperationNotAllowed`."""
        return [*(str(error.get("code", "")) for error in self.errors[1:]), self.code]

    def says(self, *words: str) -> bool:
        """Whether the sentence holds all the words, whatever their case."""
        return all(word.lower() in self.message.lower() for word in words)

    @property
    def retry_after(self) -> str:
        """Seconds that the service asked to wait, "" when it did not ask."""
        if seconds := self.headers.get("retry-after", ""):
            return seconds
        match = re.search(r"try again after '?(\d+)'? seconds", self.message, re.IGNORECASE)
        return match[1] if match else ""


def answer_of(error: HttpResponseError) -> Answer:
    """The answer behind `error`; without a response, its own words."""
    if error.response is None:
        return Answer(int(error.status_code or 0), message=_first_line(error.message))
    return of_response(error.response)


def of_response(response: Any) -> Answer:
    """The answer that a response of azure-core, old style or new, is."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        text = response.text()
    except Exception:  # a body that was never read, or whose connection is gone: the headers must do
        text = ""
    return parse(int(response.status_code), headers, text, str(getattr(response, "reason", "") or ""))


def parse(status: int, headers: Mapping[str, str], text: str, reason: str = "") -> Answer:
    """The answer that a response's parts tell; `headers` with lower-case names."""
    code = headers.get("x-ms-error-code", "")
    document = _json(text)
    if isinstance(document, Mapping):
        return of_document(document, status, headers)
    if (xml := _xml(text)) is not None:
        parts = {child.tag: child.text or "" for child in xml}
        return Answer(
            status,
            parts.get("Code", code),
            _TRAILER.sub("", parts.get("Message", "")),
            parts.get("HeaderName", ""),
            headers,
            detail=parts.get("AuthenticationErrorDetail", ""),
        )
    return Answer(status, code, code or _not_azures(text) or reason or f"HTTP {status}", "", headers)


def of_document(document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer that ARM's JSON tells: `{"error": {...}}`, or the error object by itself (Microsoft.Compute's 429)."""
    inner = document.get("error")
    error = inner if isinstance(inner, Mapping) else document
    code, message = str(error.get("code") or ""), str(error.get("message") or "")
    if isinstance(inner, str):  # OAuth's shape
        code, message = inner, str(document.get("error_description") or "")
    return Answer(
        status,
        code,
        _TRAILER.sub("", message) or code or f"HTTP {status}",
        str(error.get("target") or ""),
        headers or {},
        tuple(_nested(error)),
    )


def _nested(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield error
    for detail in error.get("details") or ():
        if isinstance(detail, Mapping):
            yield from _nested(detail)


def _json(text: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except ValueError:
        return None


def _xml(text: str) -> ElementTree.Element | None:
    if not text.lstrip("\ufeff \r\n").startswith("<?xml"):
        return None
    try:
        return ElementTree.fromstring(text.lstrip("\ufeff \r\n").encode())  # noqa: S314 - Azure's own, over TLS
    except ElementTree.ParseError:
        return None


def _not_azures(text: str) -> str:
    if "<html" in text.lower():
        return "the answer is a web page, not Azure's: a proxy or firewall is in the way"
    return " ".join(text.split())[:300]


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
