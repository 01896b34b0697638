"""One file a verb; see `snn_control.cli`."""
