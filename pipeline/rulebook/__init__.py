"""Dated law and rules, as data."""
