"""Speed of the native engine beside Norse, in one run: what `snn-control bench` prints."""
