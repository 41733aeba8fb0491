"""Documents and their types: checked, frozen, rendered, read, compared, made again, voided."""
