"""Provenance of the run: command, commit, versions, configuration and citations."""

from __future__ import annotations

from snn_control.citations import bibtex
from snn_control.report.inputs import ReportInputs
from snn_control.report.section import Listing, Section, Table
from snn_control.yaml_text import dump_yaml

WORKS = {
    "blimp": (
        "snn_control/Blimp", "blimp", "imitation", "mismatch", "faults", "monitors", "two-blimps",
        "adaptive-sensing", "fusion", "leak-and-sag", "gain-flips", "frozen-sensor",
        "regimes", "altitude-gru",
    ),
    "swimmer": ("snn_control/Swim", "swimmer"),
    "place": ("snn_control/Route", "place"),
    "seqslam": ("snn_control/Route", "place"),
    "cma-es": ("strategies",),
    "deap": ("strategies",),
    "fixed-share": ("blimp-adaptive", "leak-and-sag", "gain-flips", "concept-shift"),
    "homeostasis": ("homeostat-limit",),
    "need": ("concept-shift",),
    "hlop": ("regimes",),
    "raptor": ("altitude-gru",),
    "mujoco": ("snn_control/Corridor", "corridor", "rays"),
}  # fmt: skip
"""Citation names, each with prefixes of the environments, configurations and studies that build on
the cited work."""


def applies(inputs: ReportInputs) -> bool:
    """Return True, because every run has a manifest."""
    return True


def make(inputs: ReportInputs) -> Section:
    """Return the manifest, the configuration and BibTeX."""
    m = inputs.manifest
    rows: list[tuple[str, ...]] = [
        ("command", str(m.get("command", ""))),
        ("seed", str(m.get("seed", ""))),
        ("commit", str(m.get("commit") or "installed package, no checkout")),
        ("platform", str(m.get("platform", ""))),
        ("started, ended", f"{m.get('started')}, {m.get('ended') or 'not ended'}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in m.get("versions", {}).items())),
    ]
    version = str(m.get("versions", {}).get("snn_control", ""))
    entries = "\n\n".join(bibtex(name, version) for name in ("snn_control", *works(inputs)))
    listings = [Listing("BibTeX", entries, open=True)]
    if inputs.config:
        text = dump_yaml(inputs.config)
        listings.insert(0, Listing("Configuration", text))
    lead = "All content of this page was made from the run folder alone."
    table = Table(("", ""), rows)
    return Section("provenance", "Provenance", lead, tables=[table], listings=listings)


def works(inputs: ReportInputs) -> list[str]:
    """Return the citation names of the work that the run builds on; may be empty."""
    about = [e.environment for e in inputs.evaluations]
    about += [str(inputs.config.get(key, "")) for key in ("environment", "name")]
    about += [str(inputs.study["study"])] if inputs.study else []
    about += ["place"] if inputs.place else []
    return [work for work, starts in WORKS.items() if any(a.startswith(starts) for a in about)]
