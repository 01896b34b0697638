"""One tick of a controller as an ONNX model."""
