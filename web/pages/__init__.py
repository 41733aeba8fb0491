"""The pages, one module for each area: a view reads the request, calls a service and renders a template."""
