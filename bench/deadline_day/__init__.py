"""The last ten minutes before the deadline: many designees sign over HTTP, and everything is checked afterwards."""
