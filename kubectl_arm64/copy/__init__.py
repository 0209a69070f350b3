"""Getting the VHD into our own page blob, server-side; knows nothing of the pipeline."""
