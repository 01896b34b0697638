"""Header that gives the names of an export to sources for any controller."""

from __future__ import annotations

from snn_control.export.c.names import check_prefix

__all__ = ["HEADER", "adapter_header"]

HEADER = "controller.h"
"""Name of the header."""


def adapter_header(prefix: str) -> str:
    """Return the content of the header, which includes `PREFIX.h`.

    `CONTROLLER(step)` is `PREFIX_step`; `CONTROLLER_CONSTANT(N_IN)` is `PREFIX_N_IN`, upper case.
    """
    check_prefix(prefix)
    return f"""/* Names of the controller. */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "{prefix}.h"

#define CONTROLLER(name) {prefix}_##name
#define CONTROLLER_CONSTANT(name) {prefix.upper()}_##name

#endif
"""
