"""Swimmers: chains of links in a fluid, of any length, and the tasks they swim in."""
