"""Deterministic simulation of the stream core: see docs/stream.md, section Simulation."""
