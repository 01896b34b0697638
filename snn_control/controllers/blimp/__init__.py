"""Controllers that hold a blimp's altitude."""
