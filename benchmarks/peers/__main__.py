"""Measure this package and its peers in turn; print JSON lines, then one table.

    PYTHONPATH=. python -m benchmarks.peers [ROW...] [--rounds 7] [--seeds 5]

Each library has its own process. `requirements/peers.txt` has the peers and how to install them; a
row whose peer is missing names the requirement, and the others are measured. Every ratio is above 1
where this package is better. Progress is on the standard error output.
"""

from __future__ import annotations

import argparse

from benchmarks.peers import altitude_rows, curve_rows, evolution_rows, speed_rows
from benchmarks.peers.processes import PeerError
from benchmarks.peers.table import Table

ROWS = {
    "closed_loop": speed_rows.closed_loop,
    "norse": speed_rows.norse,
    "population": speed_rows.population,
    "evolution": evolution_rows.evolution,
    "strategy": evolution_rows.strategy,
    "ppo": altitude_rows.ppo,
    "curves": curve_rows.curves,
}


def main() -> None:
    """Run the command."""
    lines = [f"  {name:12} {(row.__doc__ or '').strip()}" for name, row in ROWS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        epilog="rows:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of a timing, at least 5")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of a learning row, at least 5")
    options = parser.parse_args()
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: not a row; expected some of {', '.join(ROWS)}")
    table = Table()
    try:
        for name in options.rows or ROWS:
            try:
                ROWS[name](table, options.rounds, options.seeds)
            except PeerError as exc:
                table.add(name, "", "", remark=str(exc))
    finally:
        table.finish()


if __name__ == "__main__":
    main()
