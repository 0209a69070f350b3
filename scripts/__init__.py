"""What makes a release: the archive, the krew manifest, the lock file. Not part of the wheel."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
