"""A long-running operation that Resource Manager has accepted, polled when somebody asks.

The SDK's own poller sleeps in a thread and cannot be looked at; ours captures what it would poll.
Styles as recorded: Azure-AsyncOperation answers 200 with a status object, Location answers 202 until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineResponse
from azure.core.polling import PollingMethod
from azure.core.rest import HttpRequest, HttpResponse

from kubectl_arm64.azure import answers, failures

_FAILED = ("failed", "canceled")
# An operation's status may be unreachable while the operation itself goes on (recorded: 504 on a poll).
_TRANSIENT = (408, 429, 500, 502, 503, 504)


class Accepted(PollingMethod[None]):
    """Given to the SDK as `polling=`: takes the client and the first answer, and polls nothing."""

    client: PipelineClient[HttpRequest, HttpResponse]
    response: HttpResponse

    def initialize(
        self, client: Any, initial_response: PipelineResponse[Any, Any], deserialization_callback: Any
    ) -> None:
        self.client = client
        self.response = initial_response.http_response

    def run(self) -> None: ...

    def status(self) -> str:
        return "accepted"

    def finished(self) -> bool:
        return True  # else the SDK starts a thread

    def resource(self) -> None: ...


def accept(begin: Callable[..., object], *args: Any, doing: str, **kwargs: Any) -> ArmOperation:
    """Send the request of a `begin_*` method. Raises Failure when it is refused."""
    accepted = Accepted()
    with failures.translated(doing):
        begin(*args, polling=accepted, **kwargs)
    return ArmOperation(accepted.client, accepted.response, doing)


class ArmOperation:
    """What the answer to a PUT or DELETE promised; `doing` says in errors what it is."""

    def __init__(self, client: PipelineClient[HttpRequest, HttpResponse], response: HttpResponse, doing: str) -> None:
        self._client = client
        self._doing = doing
        self._first = response
        self._headers: Mapping[str, str] = response.headers
        self._status_url = response.headers.get("Azure-AsyncOperation", "")
        self._location = response.headers.get("Location", "")
        self._done = response.status_code == 204 or not (self._status_url or self._location)

    @property
    def retry_after(self) -> float | None:
        return _seconds(self._headers.get("Retry-After", ""))

    def finished(self) -> bool:
        """One poll of the URL exactly as the service gave it. Raises Failure when the operation failed."""
        if not self._done:
            self._done = self._poll()
        return self._done

    def result(self) -> Mapping[str, Any]:
        """The document that a finished operation came to: at its Location, or the very first answer."""
        if not self._location:
            return _document(self._first)
        with failures.translated(self._doing):
            response = self._client.send_request(HttpRequest("GET", self._location))
        if response.status_code >= 400:
            raise failures.of_answer(answers.of_response(response), self._doing)
        return _document(response)

    def _poll(self) -> bool:
        with failures.translated(self._doing):
            response = self._client.send_request(HttpRequest("GET", self._status_url or self._location))
        self._headers = response.headers
        if response.status_code in _TRANSIENT:
            return False
        if response.status_code == 404:
            return True  # forgotten by now: the resource itself tells what became of it
        if response.status_code >= 400:
            raise failures.of_answer(answers.of_response(response), self._doing)
        return self._succeeded(response) if self._status_url else self._arrived(response)

    def _succeeded(self, response: HttpResponse) -> bool:
        self._status_url = response.headers.get("Azure-AsyncOperation", "") or self._status_url
        document = _document(response)
        status = str(document.get("status", "")).lower()
        if status in _FAILED:
            error = document.get("error") or {"code": status.capitalize(), "message": f"the operation {status}"}
            raise failures.of_answer(answers.of_document({"error": error}), self._doing)
        return status == "succeeded"

    def _arrived(self, response: HttpResponse) -> bool:
        self._location = response.headers.get("Location", "") or self._location
        return response.status_code != 202


def _document(response: HttpResponse) -> Mapping[str, Any]:
    try:
        document = response.json()
    except (ValueError, AzureError):
        return {}
    return document if isinstance(document, Mapping) else {}


def _seconds(text: str) -> float | None:
    """Retry-After: seconds, or a date."""
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except ValueError:
        return None
