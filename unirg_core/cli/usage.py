"""A command line that cannot be read is bad input like any other: one sentence with option, value and remedy.

The library's own way is a line of usage, one on help, an empty one and then the error, in words of its checks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from unirg_core.faults import BadInput

_Unread = typer.BadParameter.__base__  # of every error of usage; the library gives it no public name
_WORD = " will not do: "


class Verbs(TyperGroup):
    """All verbs: what is wrong with the way one was called, at any depth, becomes bad input."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the options before the verb."""
        with _told():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Read the verb's own options, and run it."""
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except _Unread as error:
        if error.format_message() == (error.ctx and error.ctx.get_help()):  # a group without a verb shows its help
            raise
        raise BadInput(f"{_sentence(error)}.") from error


def _sentence(error: Any) -> str:
    if checked := getattr(error.__cause__, "errors", None):
        from unirg_core.params.misfits import misfit

        wrong = checked()[0]
        return f"{error.param.opts[0]} {wrong['input']}{_WORD}{misfit(wrong).partition(_WORD)[2]}"
    asked = "--help"
    if error.ctx is not None:
        named = error.ctx.command_path.removeprefix(error.ctx.find_root().command_path).strip()
        asked = " ".join(filter(None, ("unirg", named, asked)))
    return f"{error.format_message().rstrip('.')}; `{asked}` tells what there is"
