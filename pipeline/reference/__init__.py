"""Code lists and exchange rates, from official sources that may be shipped."""
