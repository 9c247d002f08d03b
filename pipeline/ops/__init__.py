"""Seen from outside: metrics, health, ledger."""
