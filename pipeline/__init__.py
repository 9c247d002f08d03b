"""Greenlane: an event-driven clearance pipeline for cross-border parcels."""

__version__ = "0.1.0"
