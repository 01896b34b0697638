"""Further sensors of the blimp: noise, barometer, accelerometer."""
