"""Height of the blimp from lidar, barometer and accelerometer, each behind a trust gate.

A contradiction is attributed where the sensors allow it: of the accelerometer and the model by the
position sensors (`supervision.attribution`), of the lidar by barometer and accelerometer. A lidar
alone is checked against the model for seconds (`supervision.monitors.model_fit`), which does not
distinguish the sensor from the motors.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.copies import Copied
from snn_control.loops.blimp.estimator_config import EstimatorConfig
from snn_control.loops.blimp.model import BLIND_BELOW_M, BlimpModel, lidar_sd_m
from snn_control.loops.blimp.motor_fault import MotorFault
from snn_control.supervision.attribution import Attribution, Outcome
from snn_control.supervision.measurement_noise import DifferencedNoise
from snn_control.supervision.monitors.model_fit import ModelFit
from snn_control.supervision.monitors.monitor import Sample
from snn_control.supervision.monitors.nis import WindowedNis
from snn_control.supervision.observer import Correction, Observer
from snn_control.supervision.trust import TrustGate, Verdict

__all__ = ["SENSORS", "HeightEstimator"]

SENSORS = ("lidar", "barometer", "accelerometer")
PAST_S = 0.6
"""Time for which past heights are kept, to compare late measurements with, s."""
UNATTRIBUTED = "; not attributed: the sensor, or the motors"
GAP_S = 1.3
"""Longest gap between messages of a healthy sensor, s."""
BACK_S = 1.0
"""Jump back of the clock after which the estimate starts again, s."""
NEIGHBOUR_SHARE = 0.1
"""Weight of one message in the learned difference to a neighbour's offset."""
ALIKE_S, ALIKE_M = 5.0, 0.3
"""Largest differences in time, s, and height, m, of contradictions of two sensors that agree."""
EXPLAINED_SIGMA = 5.0
"""Innovation of a height by the accelerometer up to which a dispute explains it, sigma."""
FORGET_S = 60.0
"""Time without any measurement after which the estimate starts again, s."""
_DISPUTED = Verdict(False, Outcome.OPEN)


class HeightEstimator(Copied):
    """Observer of the height with its gates.

    Times are on one clock. Until the first range there is no estimate.

    Args:
        config: noise and gates.
        motion: parameters of the blimp; None: nominal.
    """

    def __init__(
        self, config: EstimatorConfig | None = None, motion: BlimpMotion | None = None
    ) -> None:
        self.config = config = config or EstimatorConfig()
        model = BlimpModel(motion or BlimpMotion())
        self.observer = Observer(
            model, config.motion, config.barometer_bias, config.accelerometer_bias
        )
        self.gates = {name: TrustGate(getattr(config, name)) for name in SENSORS}
        self._lidar, self._barometer, self._accelerometer = self.gates.values()
        self._attribution = Attribution()
        self._fit, self._response = ModelFit(self.observer), WindowedNis(10)
        self._lidar_noise = DifferencedNoise(config.lidar_noise)
        self.record: Callable[[str, Sample], None] | None = None
        """Called with each message that is judged, by sensor; None: not called."""
        self._motors = MotorFault(self.observer, config)
        self.restart()

    def restart(self) -> None:
        """Start again from the next range, with all gates open."""
        self.observer.reset()
        for gate in self.gates.values():
            gate.reset()
        self._fit.reset()
        self._response.reset()
        self._lidar_noise.reset()
        self._command = self._lidar_m = 0.0
        self._neighbour_m = math.nan
        self._past: deque[tuple[float, float]] = deque()
        self._attribution.reset()
        self._motors.end()

    @property
    def started(self) -> bool:
        """True after the first range."""
        return self.observer.started

    def sent(self, command: float, at_s: float) -> None:
        """Register a command, motor units, that is in force from `at_s` on."""
        self._command = command
        if self.started:
            self.observer.model.send(command, at_s)

    def estimate(self, now_s: float) -> tuple[float, float]:
        """Return the height and its standard deviation at `now_s`, m; NaN before the start."""
        if self._ready(now_s):
            self._advance(now_s)
        return self.observer.position_m, self.observer.position_sd_m

    def on_range(self, range_m: float, stamp_s: float, now_s: float) -> Verdict:
        """Judge a range, and correct the estimate by a trusted one."""
        ready, sd_m = self._ready(now_s), lidar_sd_m(range_m, self._lidar_noise.sd)
        if not ready:
            verdict = self._lidar.judge(Sample(now_s, stamp_s, range_m))
            if verdict.fuse:
                self.observer.start(range_m, sd_m, self._command, now_s)
            return verdict
        self._advance(stamp_s)
        made = self.observer.position(range_m + self._moved_since(stamp_s), sd_m)
        innovation = made.innovation if math.isfinite(range_m) else None
        sample = Sample(now_s, stamp_s, range_m, innovation)
        if self.record is not None:
            self.record("lidar", sample)
        alone = self._alone(now_s)
        tolerated, limit_m, identical_s = 0.0, None, None
        if self._attribution.outcome is not None:
            tolerated = self._explained(range_m, sd_m, stamp_s, made)
        if not self._usable(self._accelerometer, now_s):
            tolerated = max(tolerated, self.config.without_acceleration_m)
        if alone:
            limit_m, identical_s = self.config.alone_limit_m, self.config.alone_identical_s
            if self._lidar.silent(now_s):
                limit_m = max(limit_m, 3.0 * made.innovation.sd)
        if range_m < BLIND_BELOW_M:  # repeated on the floor, and in steps of 4.5 cm
            identical_s = math.inf
        count = self.config.alone_reopen_count if alone else None
        verdict = self._lidar.judge(sample, tolerated, limit_m, identical_s, count)
        self._lidar_m = made.innovation.value
        if verdict.reason or innovation is None:
            self._lidar_noise.interrupt()
            return verdict
        if range_m < BLIND_BELOW_M:
            self._fit.reset()
        else:
            self._lidar_noise.add(range_m, stamp_s)
            if alone and (fault := self._fit.disagreement(range_m, innovation, now_s)):
                self._fit.return_to_model()
                return self._lidar.close(f"value {range_m:.2f}, but {fault}{UNATTRIBUTED}", now_s)
        if verdict.fuse:
            if not alone and self._positioned(range_m, sd_m, stamp_s, now_s):
                made = self.observer.position(range_m + self._moved_since(stamp_s), sd_m)
            self.observer.correct(made)
            if not self._usable(self._accelerometer, now_s):
                self._motors.watch(now_s)
                self._motors.adjust_noise(height_measured=True)
            if alone:
                self._fit.corrected(now_s)
        return verdict

    def on_barometer(self, height_m: float, stamp_s: float, now_s: float) -> Verdict | None:
        """Judge a barometric height, and correct by a trusted one; None before the start."""
        if not self._ready(now_s):
            return None
        self._advance(stamp_s)
        sd_m = self.config.barometer_sd_m
        made = self.observer.position(height_m + self._moved_since(stamp_s), sd_m, biased=True)
        unbiased_m = height_m - self.observer.position_bias_m
        tolerated = 0.0
        if self._attribution.outcome is not None:
            tolerated = self._explained(unbiased_m, sd_m, stamp_s, made)
        verdict = self._judged("barometer", height_m, made, stamp_s, now_s, tolerated)
        if verdict.fuse:
            lidar = self._usable(self._lidar, now_s)
            if lidar or not self._positioned(unbiased_m, sd_m, stamp_s, now_s):
                self.observer.correct(made)
        elif self._both_heights_deny(made, now_s):
            self._blame_motors(now_s)
        return verdict

    def on_acceleration(self, value_m_s2: float, stamp_s: float, now_s: float) -> Verdict | None:
        """Judge a vertical acceleration without gravity, and correct by a trusted one.

        It is the mean since the last message; None before the start.
        """
        if not self._ready(now_s):
            return None
        blind = self._blind(now_s)
        self._motors.adjust_noise(not blind)
        self._advance(stamp_s)
        config, observer, gate = self.config, self.observer, self._accelerometer
        made = observer.acceleration(value_m_s2, config.accelerometer_sd_m_s2)
        contradicts = self._contradicts(Sample(now_s, stamp_s, value_m_s2, made.innovation))
        if contradicts and not blind and self._may_dispute():
            self._attribution.dispute()
        tolerated = config.fault_tolerated_m_s2 if self._motors.evidence else 0.0
        if self._attribution.outcome is not None:
            tolerated = max(tolerated, gate.config.at_once)
        verdict = self._judged("accelerometer", value_m_s2, made, stamp_s, now_s, tolerated)
        self._motors.watch(now_s)
        if self._attribution.outcome is not None:
            verdict = self._disputed(verdict, blind, now_s)
        if verdict.fuse:
            observer.correct(made)
        return verdict

    def on_neighbour(self, offset_m: float, now_s: float) -> None:
        """Follow the barometer's drift by that of a neighbour with a lidar.

        Barometers in one place share their drift. While the lidar is trusted the difference of the
        two offsets is learned; otherwise it gives the offset of this barometer.

        Args:
            offset_m: barometric height less lidar height of the neighbour, m.
            now_s: present time, s.
        """
        if not (self.started and math.isfinite(offset_m)):
            return
        observer, config = self.observer, self.config
        if self._usable(self._lidar, now_s):
            difference_m = observer.position_bias_m - offset_m
            if math.isnan(self._neighbour_m) or abs(difference_m - self._neighbour_m) > 1.0:
                self._neighbour_m = difference_m
            self._neighbour_m += NEIGHBOUR_SHARE * (difference_m - self._neighbour_m)
            return
        if math.isnan(self._neighbour_m):
            return
        made = observer.measured_bias(offset_m + self._neighbour_m, config.neighbour_sd_m)
        if abs(made.innovation.value) <= config.neighbour_far_m:
            observer.correct(made)

    def distrusted(self, now_s: float) -> dict[str, str]:
        """Return the sensors that do not correct the estimate, with the reason."""
        doubts = {name: gate.doubt(now_s) for name, gate in self.gates.items()}
        return {name: doubt for name, doubt in doubts.items() if doubt}

    def barometer_offset(self, now_s: float) -> float:
        """Return the offset of the barometer for neighbours, m; NaN without a trusted range."""
        known = self._usable(self._lidar, now_s) and self._usable(self._barometer, now_s)
        return self.observer.position_bias_m if known and self.started else math.nan

    @property
    def actuator_fault(self) -> str:
        """Evidence against the motors; empty if there is none."""
        return self._motors.evidence

    @property
    def actuator_faults(self) -> int:
        """Number of faults of the motors so far."""
        return self._motors.count

    @property
    def undecided(self) -> str:
        """Contradiction that is not attributed yet; empty if there is none."""
        return str(self._attribution.outcome or "")

    def height_sensor(self, now_s: float) -> str:
        """Return the sensor that bounds the error of the estimate, or an empty string."""
        names = ("lidar", "barometer")
        return next((name for name in names if self._usable(self.gates[name], now_s)), "")

    # Implementation.

    def _advance(self, now_s: float) -> None:
        """Predict, and keep the path for late measurements."""
        observer = self.observer
        if not now_s > observer.now_s:
            return
        observer.predict(now_s)
        past = self._past
        past.append((now_s, observer.position_m))
        while now_s - past[0][0] > PAST_S:
            past.popleft()

    def _moved_since(self, stamp_s: float) -> float:
        """Return the change of the estimated height since the time of a late measurement, m."""
        late = self.observer.now_s > stamp_s and self._past
        if not late:
            return 0.0
        after = self.observer.now_s, self.observer.position_m
        for before in reversed(self._past):
            if before[0] <= stamp_s:
                share = (stamp_s - before[0]) / max(after[0] - before[0], 1e-9)
                return self.observer.position_m - before[1] - share * (after[1] - before[1])
            after = before
        return self.observer.position_m - after[1]

    def _judged(
        self, name: str, value: float, made: Correction, stamp_s: float, now_s: float,
        tolerated: float,
    ) -> Verdict:  # fmt: skip
        innovation = made.innovation if math.isfinite(value) else None
        sample = Sample(now_s, stamp_s, value, innovation)
        if self.record is not None:
            self.record(name, sample)
        return self.gates[name].judge(sample, tolerated)

    def _usable(self, gate: TrustGate, now_s: float) -> bool:
        return gate.trusted and not gate.silent(now_s)

    def _blind(self, now_s: float) -> bool:
        """Return True if no height was measured for longer than a gap between messages."""
        heights = self._lidar, self._barometer
        return all(not gate.trusted or gate.silent(now_s, GAP_S) for gate in heights)

    def _alone(self, now_s: float) -> bool:
        return not (
            self._usable(self._barometer, now_s) or self._usable(self._accelerometer, now_s)
        )

    def _ready(self, now_s: float) -> bool:
        """Return True with an estimate; delete one that is too old or not finite."""
        observer = self.observer
        if not observer.started:
            return False
        if -BACK_S < now_s - observer.now_s < FORGET_S and observer.finite:
            return True
        command = self._command
        self.restart()
        self._command = command  # still in force
        return False

    def _positioned(self, height_m: float, sd_m: float, stamp_s: float, now_s: float) -> bool:
        """Compare a trusted height with both predictions; return True if that blames the motors."""
        if self._attribution.outcome is not None and not self._usable(self._accelerometer, now_s):
            self._close_dispute()
        self._attribution.positioned(height_m, sd_m, stamp_s)
        return self._attribution.outcome is not None and self._settle(now_s)

    def _explained(self, height_m: float, sd_m: float, stamp_s: float, made: Correction) -> float:
        """Return the innovation of a height that a dispute explains, m."""
        explained = self._attribution.explains(height_m, sd_m, stamp_s, EXPLAINED_SIGMA)
        return abs(made.innovation.value) if explained else 0.0

    def _both_heights_deny(self, made: Correction, now_s: float) -> bool:
        """Return True if lidar and barometer contradict the estimate alike, without accelerometer.

        With an accelerometer a dispute decides.
        """
        gates = self._lidar, self._barometer
        if not all(gate.contradicts for gate in gates) or self._usable(self._accelerometer, now_s):
            return False
        together = abs(gates[0].closed_s - gates[1].closed_s) < ALIKE_S
        return together and abs(self._lidar_m - made.innovation.value) < ALIKE_M

    def _contradicts(self, sample: Sample) -> bool:
        """Keep an acceleration for the attribution; return True if it contradicts the model."""
        config, gate, innovation = self.config, self._accelerometer, sample.innovation
        assert innovation is not None
        if gate.trusted:
            self._attribution.accelerated(
                sample.value, config.accelerometer_sd_m_s2, innovation.value, self.observer
            )
        else:
            self._attribution.reset()
        score = self._response.sample(sample)
        far = max(gate.config.closing_sigma * innovation.sd, gate.config.closing_floor)
        denied = score > config.response_max or abs(innovation.value) > far
        return denied and math.isfinite(score)

    def _disputed(self, verdict: Verdict, blind: bool, now_s: float) -> Verdict:
        """Return the verdict on an acceleration during a dispute, which it may end."""
        gate = self._accelerometer
        if not gate.trusted or blind:  # without a height nothing is left to decide it
            self._close_dispute()
            return verdict
        if self._settle(now_s) or self._attribution.outcome is not None:
            return _DISPUTED
        return verdict if gate.trusted else Verdict(False, gate.reason)

    def _may_dispute(self) -> bool:
        """Return True if a contradiction of the accelerometer is new."""
        disputed = self._attribution.outcome is not None
        return not disputed and not self._motors.evidence and self._accelerometer.trusted

    def _settle(self, now_s: float) -> bool:
        """Act on the outcome of a dispute; return True if that blames the motors.

        The covariance is then another one: a correction computed before no longer applies.
        """
        outcome = self._attribution.outcome
        if outcome is None or outcome is Outcome.OPEN:
            return False
        self._close_dispute()
        if outcome is Outcome.ACTUATORS:
            self._blame_motors(now_s)
        elif outcome is Outcome.ACCELEROMETER:
            self._accelerometer.close(str(outcome), now_s)
        return outcome is Outcome.ACTUATORS

    def _close_dispute(self) -> None:
        self._attribution.end()
        self._response.reset()

    def _blame_motors(self, now_s: float) -> None:
        """Report the motors, and follow the sensors instead of the model."""
        self._motors.begin(str(Outcome.ACTUATORS), now_s)
        for gate in (self._lidar, self._barometer):
            gate.open()
