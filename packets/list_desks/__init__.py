"""The desks of the lists: corrections handed in, drafts of changes, reading, workbooks, requests to CMS."""
