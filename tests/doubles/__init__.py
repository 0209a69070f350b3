"""Small stand-ins for the ports that the pure flows state; whole services are in tests/sandbox."""
