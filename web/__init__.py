"""Every door: pages, command line, server. The only floor that knows a request, a terminal or a process."""
