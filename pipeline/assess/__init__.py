"""Second room: category, risk score, duty and tax of each parcel."""
