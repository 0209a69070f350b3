"""What others judge: real kube-apiserver, admission, kubectl, oc, krew, az and Azurite, built or installed as needed.

`make e2e` runs this folder; a bare `pytest` does not. A judge that cannot be had on this machine fails its tests, and
is named at the end of the run.
"""
