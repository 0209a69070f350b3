"""Measurements on the embedded Azure, each by `python -m bench.NAME`: copy, kills, digest, start."""
