"""Published modules for place recognition: Diehl-Cook networks that learn by STDP."""
