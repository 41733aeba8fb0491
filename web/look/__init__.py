"""The look of the pages: files of the U.S. Web Design System, of htmx and of our own, as they are sent to browsers."""
