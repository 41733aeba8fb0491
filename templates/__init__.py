"""Words of record: one folder a document type, the letterhead and the mail. Data, no logic."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def documents() -> Traversable:
    """The folder that holds one folder for each document type (DESIGN: a type is data, never code)."""
    return files(__name__) / "documents"


def certificates() -> Traversable:
    """The folder with the certificates that the service itself writes, in folders like those of document types."""
    return files(__name__) / "certificates"


def guides() -> Traversable:
    """The folder with the guides for people, and the manifest that names them."""
    return files(__name__) / "guides"


def schema() -> Traversable:
    """The file that says what shape each section of a document's frozen data has."""
    return files(__name__) / "schema.json"


def letterhead() -> Traversable:
    """The folder with the words and marks at the head and foot of every page."""
    return files(__name__) / "letterhead"


def mail() -> Traversable:
    """The folder that holds the words of notices, one folder for each topic, and the frames that set them."""
    return files(__name__) / "mail"
