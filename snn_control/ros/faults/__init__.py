"""Injection of faults on the bus: channels of each system, and the relay of their messages."""
