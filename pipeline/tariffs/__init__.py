"""Official tariffs in their own formats, turned into dated tables of the rule book."""
