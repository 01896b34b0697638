"""Task, fused closed loop and training of the swimmer."""
