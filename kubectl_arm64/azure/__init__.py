"""Azure; the only importers of azure.*."""
