"""Where records and bytes live: the database by its records, the revisions by their digest."""
