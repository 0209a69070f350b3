"""What blob storage refuses, in its own words (recordings/blob; those without a recording from Microsoft's list)."""

from __future__ import annotations

from collections.abc import Mapping

_CONDITION = "The condition specified using HTTP conditional header(s) is not met."
_SIGN_IN = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
_NOT_AUTHORIZED = "This request is not authorized to perform this operation"

# code: (status, message)
CODES: dict[str, tuple[int, str]] = {
    "AccountRequiresHttps": (400, "The account being accessed does not support http."),
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature.",
    ),
    "AuthorizationFailure": (403, f"{_NOT_AUTHORIZED}."),
    "AuthorizationPermissionMismatch": (403, f"{_NOT_AUTHORIZED} using this permission."),
    "AuthorizationProtocolMismatch": (403, f"{_NOT_AUTHORIZED} using this protocol."),
    "AuthorizationResourceTypeMismatch": (403, f"{_NOT_AUTHORIZED} using this resource type."),
    "AuthorizationServiceMismatch": (403, f"{_NOT_AUTHORIZED} using this service."),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "CannotVerifyCopySource": (500, "Could not verify the copy source within the specified time."),
    "ConditionNotMet": (412, _CONDITION),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "ContainerBeingDeleted": (409, "The specified container is being deleted."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "CopyIdMismatch": (
        409,
        "The specified copy ID did not match the copy ID for the pending copy operation.",
    ),
    "InvalidAuthenticationInfo": (
        400,
        "Authentication information is not given in the correct format. Check the value of Authorization header.",
    ),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidPageRange": (416, "The page range specified is invalid."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "KeyBasedAuthenticationNotPermitted": (
        403,
        "Key based authentication is not permitted on this storage account.",
    ),
    "LeaseAlreadyBroken": (409, "The lease has already been broken and cannot be broken again."),
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatchWithBlobOperation": (
        412,
        "The lease ID specified did not match the lease ID for the blob.",
    ),
    "LeaseIdMismatchWithLeaseOperation": (
        409,
        "The lease ID specified did not match the lease ID for the blob.",
    ),
    "LeaseIdMissing": (
        412,
        "There is currently a lease on the blob and no lease ID was specified in the request.",
    ),
    "LeaseIsBreakingAndCannotBeAcquired": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.",
    ),
    "LeaseIsBrokenAndCannotBeRenewed": (409, "The lease ID matched, but the lease has been broken explicitly."),
    "LeaseLost": (412, "A lease ID was specified, but the lease for the blob has expired."),
    "LeaseNotPresentWithBlobOperation": (412, "There is currently no lease on the blob."),
    "LeaseNotPresentWithLeaseOperation": (409, "There is currently no lease on the blob."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "NoAuthenticationInformation": (401, _SIGN_IN),
    "NoPendingCopyOperation": (409, "There is currently no pending copy operation."),
    "NotImplemented": (501, "The sandbox's blob storage does not have this operation."),
    "PendingCopyOperation": (409, "There is currently a pending copy operation."),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "ServerBusy": (503, "The server is busy."),
    "SourceConditionNotMet": (
        412,
        "The source condition specified using HTTP conditional header(s) is not met.",
    ),
    "UnsupportedHeader": (400, "One of the headers specified in the request is not supported."),
}


class Refusal(Exception):
    """An error answer. `early` ones come from the front door, before the service has seen the request."""

    def __init__(
        self,
        code: str,
        *,
        status: int = 0,
        message: str = "",
        elements: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        early: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status or CODES[code][0]
        self.message = message or CODES[code][1]
        self.elements = dict(elements or {})
        self.headers = dict(headers or {})
        self.early = early


def sign_in_required(challenge: str, *, code: str = "NoAuthenticationInformation", detail: str = "") -> Refusal:
    """401 with the challenge that names the tenant to sign in to."""
    elements = {"AuthenticationErrorDetail": detail} if detail else {}
    return Refusal(code, status=401, message=_SIGN_IN, elements=elements, headers={"WWW-Authenticate": challenge})


def signature_refused(detail: str) -> Refusal:
    return Refusal("AuthenticationFailed", elements={"AuthenticationErrorDetail": detail}, early=True)


def bad_header(name: str, value: str) -> Refusal:
    return Refusal("InvalidHeaderValue", elements={"HeaderName": name, "HeaderValue": value})
