"""Words and data become one tagged, archival PDF. The only room that knows ReportLab, pypdf and Jinja's document side."""
