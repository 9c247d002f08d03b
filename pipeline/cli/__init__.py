"""The greenlane command."""
