"""Duty, tax and fees of a parcel by the dated law of the rule book."""
