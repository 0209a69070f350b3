"""One module per command: flags -> request -> flow -> output; the only importers of typer."""
