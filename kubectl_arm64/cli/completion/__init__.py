"""Completion of words in the shell, by kubectl's and oc's protocol for plugins."""
