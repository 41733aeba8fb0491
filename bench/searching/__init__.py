"""An archive of invented records, the questions that are put to it, and the report of how long the answers take."""
