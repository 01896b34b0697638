"""Loop of the blimp's altitude."""
