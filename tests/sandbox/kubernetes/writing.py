"""create, update, patch (JSON, merge and server-side apply) and delete."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import jsonpatch
import yaml

from tests.sandbox.kubernetes import admission, managed_fields, schema, status
from tests.sandbox.kubernetes.apply import Conflict, Manager, Managers, apply, update
from tests.sandbox.kubernetes.kinds import Kind
from tests.sandbox.kubernetes.objects import Object, key_of
from tests.sandbox.kubernetes.store import Store
from tests.sandbox.kubernetes.target import Target
from tests.sandbox.kubernetes.typed import text

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_OMITTED_WHEN_EMPTY = ("annotations", "finalizers", "labels", "ownerReferences")
FIRST_APPLY = Manager("before-first-apply", "Update")


@dataclass(frozen=True)
class Options:
    """The query of a write; `manager` falls back to the first word of the User-Agent."""

    manager: str
    named_manager: bool = False
    dry_run: bool = False
    force: bool = False
    validation: str = "Warn"  # Strict, Warn or Ignore

    @staticmethod
    def read(verb: str, parameters: Mapping[str, str], user_agent: str) -> Options:
        dry_run = parameters.get("dryRun", "")
        if dry_run not in ("", "All"):
            problem = f'dryRun: Unsupported value: ["{dry_run}"]: supported values: "All"'
            raise status.invalid_options(f"{verb.capitalize()}Options", problem)
        return Options(
            manager=parameters.get("fieldManager") or user_agent.split("/")[0] or "unknown",
            named_manager=bool(parameters.get("fieldManager")),
            dry_run=bool(dry_run),
            force=parameters.get("force") == "true",
            validation=parameters.get("fieldValidation") or "Warn",
        )


@dataclass
class Written:
    """The object after a write, and the warnings (one `Warning: 299` header each)."""

    object: Object
    created: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass
class Draft:
    """A write under way: what is stored, what it becomes, who owns what then, and whose entries are of now."""

    live: Object | None
    new: Object
    managers: Managers
    writers: list[Manager]
    warnings: list[str] = field(default_factory=list)


class Writes:
    """The writes of one API server."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, target: Target, body: Object, options: Options) -> Written:
        kind = target.kind
        _check_body(target, body)
        metadata = body["metadata"]
        name = metadata.get("name") or _generated(metadata.get("generateName", ""))
        if not name:
            raise status.invalid(kind, "", ["metadata.name: Required value: name or generateName is required"])
        target = Target(kind, target.verb, target.namespace, name)
        self._check_namespace(target)
        if self._live(target) is not None:
            raise status.already_exists(kind, name)
        new = {**body, "metadata": {**metadata, "name": name}}
        new["metadata"].pop("managedFields", None)
        return self._finish(target, self._updated(target, None, new, options), options)

    def replace(self, target: Target, body: Object, options: Options) -> Written:
        _check_body(target, body)
        live = self._existing(target)
        if target.kind.group and not body["metadata"].get("resourceVersion"):
            problem = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
            by_plural = replace(target.kind, kind=target.kind.plural)  # an upstream slip
            raise status.invalid(by_plural, target.name, [problem])
        return self._finish(target, self._updated(target, live, body, options), options)

    def patch(self, target: Target, media_type: str, body: bytes, options: Options) -> Written:
        if media_type == APPLY:
            return self.apply(target, body, options)
        live = self._existing(target)
        accepted = [JSON_PATCH, MERGE_PATCH, APPLY] if target.kind.group else [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]
        if media_type not in accepted:
            raise status.unsupported_media_type(*accepted)
        patch = _parsed(body)
        if not isinstance(patch, list if media_type == JSON_PATCH else dict):
            wanted = "jsonpatch.Patch" if media_type == JSON_PATCH else "map[string]interface {}"
            raise status.bad_request(f"error decoding patch: json: cannot unmarshal into Go value of type {wanted}")
        new = _json_patched(live, patch) if media_type == JSON_PATCH else merge_patched(live, patch)
        return self._finish(target, self._updated(target, live, new, options), options)

    def apply(self, target: Target, body: bytes, options: Options) -> Written:
        """Server-side apply; makes the object where there is none."""
        if not options.named_manager:
            problem = "fieldManager: Required value: is required for apply patch"
            raise status.invalid_options("PatchOptions", problem)
        applied = _parsed(body)
        kind = target.kind
        if isinstance(applied, dict) and not _is_of(kind, applied):
            raise status.wrong_object_type(applied)
        _check_body(target, applied)
        if applied["metadata"].get("managedFields") is not None:
            raise status.bad_request("metadata.managedFields must be nil")
        self._check_namespace(target)
        live = self._live(target)
        declared = schema.schema_of(kind)
        for unknown in schema.unknown_fields(declared, applied):
            raise status.not_typed(kind, applied, f"{unknown}: field not declared in schema")
        for misfit in schema.misfits(declared, applied):
            raise status.not_typed(kind, applied, misfit)
        if live is not None:
            _check_revision(target, applied, live)
        draft = self._applied(target, live, _part(target, applied), options)
        return self._finish(target, draft, options)

    def delete(self, target: Target, options: Options) -> dict[str, Any]:
        live = self._existing(target)
        if not options.dry_run:
            self._store.delete(key_of(target.kind, target.namespace, target.name))
        details = {"name": target.name, "group": target.kind.group, "kind": target.kind.plural}
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details | {"uid": live["metadata"].get("uid", "")},
        }

    def exists(self, target: Target) -> bool:
        return self._live(target) is not None

    def _live(self, target: Target) -> Object | None:
        return self._store.get(key_of(target.kind, target.namespace, target.name))

    def _existing(self, target: Target) -> Object:
        live = self._live(target)
        if live is None:
            raise status.not_found(target.kind, target.name)
        return live

    def _check_namespace(self, target: Target) -> None:
        if target.namespace and self._store.get(("v1", "namespaces", "", target.namespace)) is None:
            message = f'namespaces "{target.namespace}" not found'
            raise status.Refused(404, "NotFound", message, {"name": target.namespace, "kind": "namespaces"})

    def _applied(self, target: Target, live: Object | None, applied: Object, options: Options) -> Draft:
        declared = schema.schema_of(target.kind)
        before, managers = _split(live)
        first = [FIRST_APPLY] if live is not None and not managers else []
        if first:
            managers = update(declared, None, before, {}, FIRST_APPLY)
        who = Manager(options.manager, "Apply", target.subresource)
        try:
            new, managers = apply(declared, before, applied, managers, who, force=options.force)
        except Conflict as clash:
            raise status.conflict(clash.fields, target.kind.group_version) from clash
        changed = live is None or text(new) != text(before)
        return Draft(live, new, managers, [*first, *([who] if changed else [])])

    def _updated(self, target: Target, live: Object | None, new: Object, options: Options) -> Draft:
        declared = schema.schema_of(target.kind)
        warnings = _unknown(target, new, options)
        new = _with_other_part(target, schema.pruned(declared, new), live)
        new["metadata"] = _without_empty(new["metadata"])
        if live is not None:
            _check_revision(target, new, live)
        before, managers = _split(live)
        new["metadata"].pop("managedFields", None)
        who = Manager(options.manager, "Update", target.subresource)
        after = update(declared, before, new, managers, who)
        return Draft(live, new, after, [who] if after.get(who) != managers.get(who) else [], warnings)

    def _finish(self, target: Target, draft: Draft, options: Options) -> Written:
        """Admission, the server's own metadata, and the write, which does not happen where nothing changes."""
        kind, live, world = target.kind, draft.live, self._store.world
        new, warnings = schema.defaulted(schema.schema_of(kind), draft.new), list(draft.warnings)
        _check_types(target, new)
        if admission.is_judged(kind) and not target.subresource:
            if live is None:
                new = admission.default(world, new)
            warnings += admission.validate(world, new, live)
        now = datetime.fromtimestamp(world.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        new = copy.deepcopy({**new, "metadata": _metadata(target, new, live, now)})
        before = live["metadata"].get("managedFields", []) if live else []
        entries = managed_fields.write(draft.managers, before, kind.group_version, now, draft.writers)
        new["metadata"].pop("managedFields", None)
        if entries:
            new["metadata"]["managedFields"] = entries
        if live is not None and text(new) == text(live):
            return Written(live, warnings=warnings)
        if not options.dry_run:
            self._store.put(key_of(kind, target.namespace, target.name), new)
        return Written(new, created=live is None, warnings=warnings)


def merge_patched(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    made = dict(value) if isinstance(value, dict) else {}
    for name, inner in patch.items():
        if inner is None:
            made.pop(name, None)
        else:
            made[name] = merge_patched(made.get(name), inner)
    return made


def _json_patched(live: Object, patch: Any) -> Object:
    try:
        return dict(jsonpatch.apply_patch(live, patch))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as problem:
        raise status.bad_patch() from problem


def _parsed(body: bytes) -> Any:
    """JSON or YAML; raises Refused (400) for what is neither."""
    try:
        return json.loads(body)
    except ValueError:
        pass
    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as problem:
        raise status.bad_request(f"error decoding YAML: {problem}") from problem


def _check_body(target: Target, body: Any) -> None:
    kind = target.kind
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        raise status.bad_request(f"the object provided is unrecognized (must be of type {kind.kind})")
    if not _is_of(kind, body):
        sent = f"{body.get('apiVersion')}, Kind={body.get('kind')}"
        raise status.bad_request(
            f"the API version in the data ({sent}) does not match the expected API version "
            f"({kind.group_version}, Kind={kind.kind})"
        )
    metadata = body["metadata"]
    if target.name and metadata.get("name") != target.name:
        raise status.bad_request(
            f"the name of the object ({metadata.get('name', '')}) does not match the name on the URL ({target.name})"
        )
    if kind.namespaced and metadata.get("namespace", target.namespace) != target.namespace:
        raise status.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _is_of(kind: Kind, body: Object) -> bool:
    return (body.get("apiVersion"), body.get("kind")) == (kind.group_version, kind.kind)


def _check_revision(target: Target, new: Object, live: Object) -> None:
    for name in ("resourceVersion", "uid"):
        sent = new["metadata"].get(name)
        if sent and sent != live["metadata"].get(name):
            raise status.modified(target.kind, target.name)


def _check_types(target: Target, each: Object) -> None:
    declared = schema.schema_of(target.kind)
    problems = [*schema.wrong_types(declared, each), *(schema.nulls(declared, each) if target.kind.group else ())]
    if problems:
        raise status.invalid(target.kind, target.name, problems)


def _unknown(target: Target, new: Object, options: Options) -> list[str]:
    """Warnings for fields that will be dropped; with Strict they are refused."""
    kind = target.kind
    found = [f'unknown field "{path.lstrip(".")}"' for path in schema.unknown_fields(schema.schema_of(kind), new)]
    if found and options.validation == "Strict":
        strict = f"strict decoding error: {', '.join(found)}"
        if target.verb == "patch":
            raise status.invalid_patch(text(new), strict)
        raise status.bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {strict}'
        )
    return found if options.validation == "Warn" else []


def _part(target: Target, sent: Object) -> Object:
    """What of an object this endpoint writes: the status subresource the status, the resource all else."""
    if not target.kind.status:
        return dict(sent)
    if target.subresource == "status":
        return {name: sent[name] for name in ("apiVersion", "kind", "metadata", "status") if name in sent}
    return {name: each for name, each in sent.items() if name != "status"}


def _with_other_part(target: Target, sent: Object, live: Object | None) -> Object:
    """`sent`, and of the stored object what this endpoint does not write."""
    part = _part(target, sent)
    if live is None or not target.kind.status:
        return part
    if target.subresource == "status":
        return {**live, **part}
    return {**part, **({"status": live["status"]} if "status" in live else {})}


def _split(live: Object | None) -> tuple[Object | None, Managers]:
    """The stored object without its managedFields, and what they say."""
    if live is None:
        return None, {}
    metadata = {name: each for name, each in live["metadata"].items() if name != "managedFields"}
    return {**live, "metadata": metadata}, managed_fields.read(live["metadata"].get("managedFields", ()))


def _metadata(target: Target, new: Object, live: Object | None, now: str) -> dict[str, Any]:
    sent = new.get("metadata") or {}  # nothing is left of it when its one owner gives it up
    return {**_without_empty(sent), **_own_metadata(target, new, live, now)}


def _without_empty(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Go's ObjectMeta omits what is empty."""
    return {name: each for name, each in metadata.items() if each or name not in _OMITTED_WHEN_EMPTY}


def _own_metadata(target: Target, new: Object, live: Object | None, now: str) -> dict[str, Any]:
    """What the server alone decides; the generation counts changes of the spec."""
    made: dict[str, Any] = {"name": target.name}
    if target.kind.namespaced:
        made["namespace"] = target.namespace
    if live is None:
        made |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
        return made | ({"generation": 1} if target.kind.group else {})
    kept = ("uid", "creationTimestamp", "generation", "resourceVersion")
    made |= {name: live["metadata"][name] for name in kept if name in live["metadata"]}
    if "generation" in made and text(_body(new)) != text(_body(live)):
        made["generation"] += 1
    return made


def _body(each: Object) -> Object:
    return {name: inner for name, inner in each.items() if name not in ("metadata", "status")}


def _generated(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex[:5]}" if prefix else ""
