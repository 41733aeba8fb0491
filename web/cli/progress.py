"""A progress bar on a terminal; nothing where output is read by a program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from packets.years.preparation import Progress as Watcher
from packets.years.preparation import unwatched


@contextmanager
def show_progress(title: str) -> Iterator[Watcher]:
    """Something that can be told how far a long act is; it draws a bar on stderr if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield unwatched
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def watch(done: int, total: int, aco_id: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{title} {aco_id}".strip())

        yield watch
