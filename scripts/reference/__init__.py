"""Help, reference and man page, rendered from the command tree: `python -m scripts.reference`."""
