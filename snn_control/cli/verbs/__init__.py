"""Verbs of the command line, one module each; see `snn_control.cli`."""
