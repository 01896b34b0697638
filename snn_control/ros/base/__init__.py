"""Parts that all nodes share: lifecycle, parameters, diagnostics, bags."""
