"""Measurements: `python -m bench.copy` and `python -m bench.kills`, on the embedded Azure."""
