"""Finding records: the words and dates by which they are found, questions, saved searches, results as files (R4)."""
