"""The indoor blimp: parameters, scenarios, native plant, MuJoCo environment, flight logs."""
