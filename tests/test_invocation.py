"""The command line as it is named in messages."""

from __future__ import annotations

import pytest

from kubectl_arm64.cli.invocation import Invocation


@pytest.mark.parametrize("spelled", ["--no-wait", "--no_wait", "--no-wait=true", "--no_wait=1"])
def test_when_a_switch_is_left_out_it_goes_however_it_is_spelled(spelled: str) -> None:
    called = Invocation("kubectl arm64", ("bootimage", spelled, "--copy=async", "--tag", "no-wait=true"))
    assert called.without("--no-wait").again == "kubectl arm64 bootimage --copy=async --tag no-wait=true"
