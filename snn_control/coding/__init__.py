"""Encoders from sensor data to inputs of neurons: images, spike trains."""
