"""What Entra ID and az answer to a sign-in -> SignInRequired, one line each. Pure.

The AADSTS codes are those of learn.microsoft.com/entra/identity-platform/reference-error-codes.
"""

from __future__ import annotations

import re

from kubectl_arm64.errors import SignInRequired

_CODE = re.compile(r"AADSTS(\d+)")
_SENTENCE = re.compile(r"AADSTS\d+:\s*(.*?)(?:\s*(?:Trace ID|Correlation ID|Timestamp|Interactive auth)|$)", re.DOTALL)
# MSAL's words for a tenant whose discovery document there is not.
_NO_TENANT = re.compile(r"authority configuration for https://[^/]+/([\w.-]+\w)")
_CLAIMS_COMMAND = re.compile(r"az login --claims-challenge.*")
_AZ_LOGIN_COMMAND = re.compile(r'az login (?:--\S+ (?:"[^"]*"|\S+) ?)+')

_AGAIN = "then run the same command again (what is done so far is kept)"
_EXPIRED_SECRET = "make a new one (`az ad app credential reset --append --id APP`) and set AZURE_CLIENT_SECRET"
_CONDITIONAL_ACCESS = "ask the tenant's administrators what the policy demands; signing in again does not help"

# code -> what is wrong ("" for Entra's own sentence), what to do ("" for the way's own advice).
_KNOWN: dict[str, tuple[str, str]] = {
    "7000215": (
        "the client secret in AZURE_CLIENT_SECRET is wrong",
        "set the secret's value, not its ID, of the app in AZURE_CLIENT_ID",
    ),
    "7000222": ("the client secret in AZURE_CLIENT_SECRET has expired", _EXPIRED_SECRET),
    "700016": ("", "check AZURE_CLIENT_ID and AZURE_TENANT_ID"),
    "90002": ("", "check the tenant ID, and that the cloud is the right one"),
    "900023": ("", "check the tenant ID"),
    "700024": ("the pipeline's sign-in has expired", f"repeat the pipeline's login step, {_AGAIN}"),
    "700027": ("", "check the certificate in AZURE_CLIENT_CERTIFICATE_PATH"),
    "700211": ("", "check the federated credential of the app: issuer, subject and audience must match the token's"),
    "70021": ("", "check the federated credential of the app: issuer, subject and audience must match the token's"),
    "700213": ("", "check the federated credential of the app: issuer, subject and audience must match the token's"),
    "53000": ("blocked by conditional access", _CONDITIONAL_ACCESS),
    "53001": ("blocked by conditional access", _CONDITIONAL_ACCESS),
    "53003": ("blocked by conditional access", _CONDITIONAL_ACCESS),
    "500011": ("", "the tenant does not know this cloud's Azure: check the tenant, and `az cloud show`"),
    "50076": ("multi-factor authentication is asked for", ""),
    "50079": ("multi-factor authentication must be set up", ""),
    "50158": ("the organisation asks for a further sign-in", ""),
    "50173": ("the sign-in was revoked", ""),
    "70008": ("the sign-in has expired", ""),
    "70043": ("the sign-in has expired", ""),
    "700082": ("the sign-in has expired", ""),
}


def sign_in_failure(message: str, who: str, otherwise: str) -> SignInRequired:
    """The Failure that a credential's own words are.

    `who` names the credential; `otherwise` is the advice where nothing better is known.
    """
    if command := _CLAIMS_COMMAND.search(message):
        return SignInRequired(
            f"{who}: the organisation asks for a stronger sign-in (claims challenge)", f"run `{command[0].strip()}`"
        )
    if command := _AZ_LOGIN_COMMAND.search(message):
        # az names the command that answers the demand, scope and all.
        otherwise = f"run `{command[0].strip()}`"
    code = _CODE.search(message)
    if tenant := _NO_TENANT.search(message):
        return SignInRequired(f"{who}: there is no tenant {tenant[1]} in this cloud", "check the tenant ID")
    if code is None:
        return SignInRequired(f"{who}: {first_sentence(message)}", otherwise)
    sentence = _SENTENCE.search(message)
    own = " ".join((sentence[1] if sentence else message).split()).partition(". ")[0].rstrip(".")
    what, advice = _KNOWN.get(code[1], ("", ""))
    return SignInRequired(
        f"{who}: {what or own} (AADSTS{code[1]})", advice or f"{otherwise}, {_AGAIN}", code=f"AADSTS{code[1]}"
    )


def first_sentence(message: str) -> str:
    """The first line that says something, without az's `ERROR:`."""
    lines = (line.strip().removeprefix("ERROR:").strip() for line in message.splitlines())
    return next((line.rstrip(".") for line in lines if line), "no reason was given")
