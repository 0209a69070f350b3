"""The resources that publishing needs, one step each, and the order they wait for each other."""
