"""Fixed-point twin of a network: formats, engine and whole controllers, bit-equal to exported C."""
