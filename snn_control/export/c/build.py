"""Shared library of an exported controller, built with the compiler at hand."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from snn_control.errors import MissingCompilerError, ParameterError
from snn_control.export.c.source import CSource
from snn_control.resources import cache_folder

__all__ = ["FLAGS", "build_library", "cached_library", "find_compiler", "write_source"]

FLAGS = ("-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Werror",
         "-pedantic")  # fmt: skip
"""Flags of the compiler."""
LAST_LINES = 20


def find_compiler() -> list[str]:
    """Return the command of the C compiler: `CC`, or cc, gcc or clang.

    Raises:
        MissingCompilerError: there is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for command in ([named] if named else []) + [["cc"], ["gcc"], ["clang"]]:
        if path := shutil.which(command[0]):
            return [path, *command[1:]]
    raise MissingCompilerError(
        "no C compiler: install one (Debian and Ubuntu: `apt-get install gcc`), name it by CC, or "
        "pass the path of a library that was built elsewhere"
    )


def write_source(source: CSource, folder: Path) -> tuple[Path, Path]:
    """Write `PREFIX.h` and `PREFIX.c`; return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    header, code = folder / f"{source.prefix}.h", folder / f"{source.prefix}.c"
    header.write_text(source.header, "utf-8")
    code.write_text(source.source, "utf-8")
    return header, code


def build_library(source: CSource, folder: Path) -> Path:
    """Write and compile the source; return the path of the shared library.

    Raises:
        MissingCompilerError: there is no compiler.
        ParameterError: the compiler fails; with its last lines.
    """
    compiler, folder = find_compiler(), folder.resolve()  # no path that looks like an option
    _, code = write_source(source, folder)
    library = folder / f"lib{source.prefix}.so"
    made = folder / f".{os.getpid()}-{library.name}"  # another process may build the same
    command = [*compiler, *FLAGS, "-shared", "-fPIC", "-o", str(made), str(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-LAST_LINES:])
        raise ParameterError(f"{shlex.join(command)} failed:\n{last}")
    made.replace(library)
    return library


def cached_library(source: CSource, folder: Path | None = None) -> Path:
    """Return the path of the library of a source, built unless it is there.

    Args:
        source: source.
        folder: parent of the folder of source and library, which has the name of their hash;
            default: that of the cache, `SNN_CONTROL_CACHE` or the user's cache folder.

    Raises:
        MissingCompilerError: there is no compiler.
        ParameterError: the compiler fails, or no cache folder can be used.
    """
    content = (source.header + source.source).encode()
    digest = hashlib.sha256(content).hexdigest()[:24]
    folder = folder / digest if folder else cache_folder("SNN_CONTROL_CACHE", "c", digest)
    if folder is None:
        raise ParameterError(
            "no folder for compiled libraries can be written by this user alone: name one by "
            "SNN_CONTROL_CACHE"
        )
    library = folder / f"lib{source.prefix}.so"
    return library if library.is_file() else build_library(source, folder)
