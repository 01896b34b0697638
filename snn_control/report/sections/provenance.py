"""What made the page: command, commit, versions, configuration, and how to cite it."""

from __future__ import annotations

import yaml

from snn_control.citations import bibtex
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Listing, Section, Table

WORKS = {
    "blimp": ("snn_control/Blimp", "blimp", "imitation", "mismatch"),
    "swimmer": ("snn_control/Swim", "swimmer"),
    "place": ("snn_control/Route", "place"),
    "seqslam": ("snn_control/Route", "place"),
}
"""Names among the citations, and how the environments, configurations and studies begin that build
on them."""


def applies(given: ReportInputs) -> bool:
    """Return True: every run has a manifest."""
    return True


def make(given: ReportInputs) -> Section:
    """Return the manifest, the configuration and BibTeX."""
    m = given.manifest
    rows: list[tuple[str, ...]] = [
        ("command", str(m.get("command", ""))),
        ("seed", str(m.get("seed", ""))),
        ("commit", str(m.get("commit") or "installed package, no checkout")),
        ("platform", str(m.get("platform", ""))),
        ("started, ended", f"{m.get('started')}, {m.get('ended') or 'not ended'}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in m.get("versions", {}).items())),
    ]
    version = str(m.get("versions", {}).get("snn_control", ""))
    entries = "\n\n".join(bibtex(name, version) for name in ("snn_control", *works(given)))
    listings = [Listing("BibTeX", entries, open=True)]
    if given.config:
        text = yaml.safe_dump(given.config, sort_keys=False, allow_unicode=True)
        listings.insert(0, Listing("Configuration", text))
    lead = "Everything on this page was made from the run folder alone."
    table = Table(("", ""), rows)
    return Section("provenance", "Provenance", lead, tables=[table], listings=listings)


def works(given: ReportInputs) -> list[str]:
    """Return what the run builds on, by its names among the citations; may be nothing of these."""
    about = [e.environment for e in given.evaluations]
    about += [str(given.config.get(key, "")) for key in ("environment", "name")]
    about += [str(given.study["study"])] if given.study else []
    about += ["place"] if given.place else []
    return [work for work, starts in WORKS.items() if any(a.startswith(starts) for a in about)]
