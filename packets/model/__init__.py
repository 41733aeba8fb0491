"""The nouns of a certification year, as immutable values. Pure: no IO, no clock."""
