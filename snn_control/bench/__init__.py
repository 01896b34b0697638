"""Speed of the native engine compared with Norse: the measurements of `snn-control bench`."""
