"""Classification of a stream of digits whose labels are swapped, for the study `concept-shift`."""
