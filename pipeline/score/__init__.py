"""Beside the way of the parcels: rolling scores of carriers, origins and platforms."""
