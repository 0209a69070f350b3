"""ARM64 boot images and MachineSets for OpenShift on Azure, as an oc and kubectl plugin."""

__version__ = "0.1.0"
