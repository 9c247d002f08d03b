"""Third room: the case of each parcel; the only writer of outcomes."""
