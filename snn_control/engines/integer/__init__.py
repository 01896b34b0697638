"""Networks in fixed point: formats, engine and whole controllers, bit-equal to exported C."""
