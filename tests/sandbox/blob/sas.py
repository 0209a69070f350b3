"""Shared access signatures: of the account, of a container or blob, and by user delegation.

https://learn.microsoft.com/rest/api/storageservices/create-service-sas, create-account-sas,
create-user-delegation-sas. Which fields are signed depends on `sv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from tests.sandbox.blob import delegation
from tests.sandbox.blob.errors import Refusal, signature_refused
from tests.sandbox.blob.exchange import Call
from tests.sandbox.blob.rights import Rights
from tests.sandbox.blob.shared_key import signed_with
from tests.sandbox.blob.stamps import from_iso, http_date

_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")


def check(call: Call, rights: Rights) -> None:
    """Raises Refusal unless the request's SAS is genuine, in force, and allows the operation."""
    _check_way(call)
    if "skoid" in call.query:
        _check_delegation(call, rights)
    elif not call.account.shared_keys:
        raise Refusal("KeyBasedAuthenticationNotPermitted", early=True)
    elif "ss" in call.query:
        _check_account(call, rights)
    else:
        _check_service(call, rights)


def _check_way(call: Call) -> None:
    """`spr` may insist on https. `sip` is not looked at: every client is on the loopback address."""
    if call.scheme not in (call.query.get("spr") or "https,http").split(","):
        raise Refusal("AuthorizationProtocolMismatch")


def _check_account(call: Call, rights: Rights) -> None:
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"] + (["ses"] if _signs(call, "2020-12-06") else [])
    _check_signature(call, "\n".join([call.account.name, *_values(call, names), ""]), call.account.keys)
    _check_time(call)
    if "b" not in call.query["ss"]:
        raise Refusal("AuthorizationServiceMismatch")
    if rights.resource not in call.query.get("srt", ""):
        raise Refusal("AuthorizationResourceTypeMismatch")
    _check_permission(call, rights)


def _check_service(call: Call, rights: Rights) -> None:
    fields = [*_values(call, ["sp", "st", "se"]), _resource(call), *_values(call, ["si", "sip", "spr", "sv"])]
    if _signs(call, "2018-11-09"):
        fields += _values(call, ["sr", "snapshot"])
    if _signs(call, "2020-12-06"):
        fields += _values(call, ["ses"])
    fields += _values(call, _OVERRIDES)
    _check_signature(call, "\n".join(fields), call.account.keys)
    call = _with_policy(call)
    _check_time(call)
    _check_reach(call, rights)


def _with_policy(call: Call) -> Call:
    """The call with what its stored access policy (`si`) says; a policy that was removed leaves it without a time."""
    stored = call.account.containers.get(call.container_name)
    policy = stored.policies.get(call.query.get("si", "")) if stored else None
    return replace(call, query={**call.query, **(policy or {})})


def _check_delegation(call: Call, rights: Rights) -> None:
    fields = [*_values(call, ["sp", "st", "se"]), _resource(call)]
    fields += _values(call, delegation.KEY_FIELDS)
    if _signs(call, "2020-02-10"):
        fields += _values(call, ["saoid", "suoid", "scid"])
    if _signs(call, "2025-07-05"):
        fields += _values(call, ["skdutid", "sduoid"])
    fields += _values(call, ["sip", "spr", "sv", "sr", "snapshot"])
    if _signs(call, "2020-12-06"):
        fields += _values(call, ["ses"])
    if _signs(call, "2026-04-06"):
        fields += [_signed_headers(call), _signed_parameters(call)]
    fields += _values(call, _OVERRIDES)
    key = delegation.key_value(call, [call.query.get(name, "") for name in delegation.KEY_FIELDS])
    _check_signature(call, "\n".join(fields), [key])
    _check_time(call)
    _check_time(call, start="skt", expiry="ske")
    _check_reach(call, rights)
    if not call.world.may(call.query["skoid"], rights.action, call.scope, data=rights.data):
        raise Refusal("AuthorizationPermissionMismatch")


def _check_reach(call: Call, rights: Rights) -> None:
    if not rights.service_sas:
        raise Refusal("AuthorizationFailure")
    _check_permission(call, rights)


def _check_permission(call: Call, rights: Rights) -> None:
    creates = call.level != "blob" or call.existing is None
    needed = rights.sas if creates else rights.sas.replace("c", "")
    if not set(needed) & set(call.query.get("sp", "")):
        raise Refusal("AuthorizationPermissionMismatch")


def _check_signature(call: Call, text: str, keys: list[str]) -> None:
    if not signed_with(keys, text, call.query["sig"]):
        shown = text.replace("\n", "\\n")
        raise signature_refused(f"Signature did not match. String to sign used was {shown}")


def _check_time(call: Call, start: str = "st", expiry: str = "se") -> None:
    begins, ends = (from_iso(call.query.get(name, "")) for name in (start, expiry))
    if ends is None:
        raise signature_refused(f"{expiry} is mandatory. Cannot be empty")
    if not (begins or 0) <= call.now < ends:
        frame = f"Start [{http_date(begins)}] - " if begins is not None else ""
        raise signature_refused(
            f"Signature not valid in the specified time frame: {frame}Expiry [{http_date(ends)}] - "
            f"Current [{http_date(call.now)}]"
        )


def _resource(call: Call) -> str:
    """The canonicalized resource that `sr` says was signed."""
    container, blob = call.container_name, call.blob_name
    signed = {"c": container, "b": f"{container}/{blob}", "bs": f"{container}/{blob}", "d": _directory(call)}
    return f"/blob/{call.account.name}/{signed.get(call.query.get('sr', ''), '')}"


def _directory(call: Call) -> str:
    depth = call.query.get("sdd", "0")
    parts = call.blob_name.split("/")[: int(depth) if depth.isdigit() else 0]
    return "/".join([call.container_name, *parts])


def _signed_headers(call: Call) -> str:
    names = [unquote(name) for name in call.query.get("srh", "").split(",") if name]
    return "".join(f"{name}:{call.header(name.lower())}\n" for name in names)


def _signed_parameters(call: Call) -> str:
    names = [unquote(name) for name in call.query.get("srq", "").split(",") if name]
    return "".join(f"\n{name}:{call.query.get(name.lower(), '')}" for name in names)


def _signs(call: Call, version: str) -> bool:
    return call.query.get("sv", "") >= version


def _values(call: Call, names: tuple[str, ...] | list[str]) -> Iterator[str]:
    return (call.query.get(name, "") for name in names)
