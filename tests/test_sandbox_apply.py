"""Field ownership: what must hold of every history of applies and updates (as structured-merge-diff has it)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.kubernetes import managed_fields
from tests.sandbox.kubernetes.apply import Conflict, Manager, Managers, apply, update
from tests.sandbox.kubernetes.kinds import BY_KIND
from tests.sandbox.kubernetes.schema import schema_of
from tests.sandbox.kubernetes.typed import Fields, compare, fields_of, text

SCHEMA = schema_of(BY_KIND["machine.openshift.io/v1beta1", "MachineSet"])
US, THEM = Manager("kubectl-arm64", "Apply"), Manager("argocd", "Apply")

labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)
scalars = st.sampled_from([0, 1, True, False, "", "a", None])
opaque = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
hooks = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("fgh"), "owner": st.sampled_from("op")}),
    max_size=3,
    unique_by=lambda hook: hook["name"],
)
machinesets = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({"labels": labels}, optional={"annotations": labels}),
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "replicas": st.integers(0, 2),
                "selector": st.fixed_dictionaries({"matchLabels": labels}),
                "template": st.fixed_dictionaries(
                    {
                        "spec": st.fixed_dictionaries(
                            {"lifecycleHooks": st.fixed_dictionaries({"preDrain": hooks})},
                            optional={
                                "providerSpec": st.fixed_dictionaries(
                                    {"value": st.dictionaries(st.sampled_from("abcd"), opaque, max_size=4)}
                                )
                            },
                        )
                    }
                ),
            },
        ),
    },
)
few = settings(max_examples=60, deadline=None)


def conflict(live: Any, applied: Any, managers: Managers) -> Fields:
    """What of THEM stands in the way."""
    try:
        apply(SCHEMA, live, applied, managers, US)
    except Conflict as clash:
        return clash.fields[THEM]
    return frozenset()


@few
@given(live=machinesets, applied=machinesets)
def test_applied_twice_the_second_time_changes_nothing(live: Any, applied: Any) -> None:
    managers = update(SCHEMA, None, live, {}, Manager("cluster-bootstrap", "Update"))
    once = apply(SCHEMA, live, applied, managers, US, force=True)
    again = apply(SCHEMA, once[0], applied, once[1], US)
    assert text(again[0]) == text(once[0])
    assert again[1] == once[1]


@few
@given(theirs=machinesets, ours=machinesets)
def test_a_conflict_names_every_field_of_others_that_would_change(theirs: Any, ours: Any) -> None:
    live, managers = apply(SCHEMA, None, theirs, {}, THEM)
    forced, _ = apply(SCHEMA, live, ours, managers, US, force=True)
    changed = compare(SCHEMA, live, forced)
    clash = managers[THEM] & (changed.added | changed.modified) if THEM in managers else frozenset()
    assert conflict(live, ours, managers) == clash


@few
@given(theirs=machinesets, ours=machinesets)
def test_forced_the_applied_fields_are_ours_and_no_longer_theirs_where_they_differed(theirs: Any, ours: Any) -> None:
    live, managers = apply(SCHEMA, None, theirs, {}, THEM)
    forced, after = apply(SCHEMA, live, ours, managers, US, force=True)
    changed = compare(SCHEMA, live, forced)
    assert not after.get(THEM, frozenset()) & (changed.added | changed.modified)
    assert after.get(US, frozenset()) <= fields_of(SCHEMA, ours)


@few
@given(ours=machinesets)
def test_when_alone_and_then_nothing_is_applied_nothing_is_left_of_ours(ours: Any) -> None:
    live, managers = apply(SCHEMA, None, {"kind": "MachineSet", **ours}, {}, US)
    left, after = apply(SCHEMA, live, {"kind": "MachineSet"}, managers, US)
    assert US not in after
    assert fields_of(SCHEMA, left) <= {("f:kind",)}  # an empty associative list has no owner, and stays


@few
@given(value=machinesets)
def test_fields_survive_being_written_as_fields_v1(value: Any) -> None:
    paths = fields_of(SCHEMA, value) - {()}
    assert managed_fields.from_v1(managed_fields.to_v1(paths)) == paths


def provider_spec(value: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"providerSpec": {"value": value}}}}}


def test_in_the_provider_spec_maps_are_owned_leaf_by_leaf_and_lists_as_a_whole() -> None:
    live, managers = apply(SCHEMA, None, provider_spec({"image": {"sku": "a"}, "dataDisks": [1]}), {}, THEM)
    beside = provider_spec({"image": {"offer": "b"}})
    merged, managers = apply(SCHEMA, live, beside, managers, US)
    assert merged == provider_spec({"image": {"sku": "a", "offer": "b"}, "dataDisks": [1]})
    with pytest.raises(Conflict):
        apply(SCHEMA, merged, provider_spec({"dataDisks": [1, 2]}), managers, US)


def test_true_is_not_1() -> None:
    live, managers = apply(SCHEMA, None, provider_spec({"publicIP": True}), {}, THEM)
    with pytest.raises(Conflict):
        apply(SCHEMA, live, provider_spec({"publicIP": 1}), managers, US)


def test_the_selector_is_owned_as_a_whole() -> None:
    ours = {"spec": {"selector": {"matchLabels": {"a": "x"}}}}
    assert fields_of(SCHEMA, ours) == {("f:spec", "f:selector")}


def test_what_both_own_stays_when_one_gives_it_up() -> None:
    spec = {"kind": "MachineSet", "spec": {"replicas": 2}}
    live, managers = apply(SCHEMA, None, spec, {}, THEM)
    live, managers = apply(SCHEMA, live, spec, managers, US)
    left, managers = apply(SCHEMA, live, {"kind": "MachineSet"}, managers, US)
    assert left["spec"] == {"replicas": 2}
    assert set(managers) == {THEM}
