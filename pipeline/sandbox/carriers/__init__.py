"""Simulated carriers: realistic manifests with known truth. All persons and firms are invented."""
