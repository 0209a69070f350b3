"""The cluster; the only importers of kubernetes."""
