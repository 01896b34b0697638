"""The published place modules: Diehl-Cook networks that learn by STDP."""
