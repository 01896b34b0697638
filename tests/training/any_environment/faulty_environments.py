"""Environment with faults, for tests: `Faulty-v0`, and a network for it."""

import itertools
import os
import signal
import time
from pathlib import Path

import gymnasium
import numpy as np

_episodes = itertools.count()


class Faulty(gymnasium.Env):
    """Ten ticks; the reward is minus the squared distance of the action to 0.5.

    Args:
        fault: kind of fault, in every episode whose first action is above `above`.
        above: threshold of the fault.
        mark: file that a killed process leaves, so that only one is killed.
        pause_s: real time of a reset, s.
    """

    def __init__(
        self, fault: str = "", above: float = -np.inf, mark: str = "", pause_s: float = 0.0
    ) -> None:
        self.observation_space = gymnasium.spaces.Box(-9.0, 9.0, (2,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self._fault, self._above, self._mark, self._pause_s = fault, above, mark, pause_s

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        time.sleep(self._pause_s)
        self._tick, self._active = 0, False
        self._offset = self.np_random.uniform()
        if self._fault == "random":
            self._offset += next(_episodes)
        return np.array([self._offset, 1.0]), {}

    def step(self, action):
        assert action.dtype == np.float32
        if not self._tick:
            self._active = action[0] > self._above
        self._tick += 1
        observation = np.array([self._offset, -1.0])
        if self._active and self._tick == 3:
            match self._fault:
                case "raise":
                    raise ValueError("the motor is on fire")
                case "nan":
                    observation[1] = np.nan
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "kill once" if not Path(self._mark).exists():
                    Path(self._mark).touch()
                    os.kill(os.getpid(), signal.SIGKILL)
        reward = -float((action[0] - 0.5) ** 2) - 0.1 * self._offset
        if self._active and self._fault == "nan reward":
            reward = np.nan
        return observation, reward, False, self._tick == 10, {}

    def metrics(self):
        """Return figures of the episode."""
        return {"offset": self._offset, "undefined": np.nan}


def one_gain(inputs, outputs, gain=0.25, neurons=2, kind="on", bias=0.0):
    """Return a network whose action is `gain` times the second observation, plus `bias`."""
    from snn_control.network import Connection, Network, Population, Readout
    from snn_control.network.neurons import LeakyIntegrator

    weights = np.zeros((2, neurons))
    weights[1] = gain if kind == "on" else 0.0
    return Network(
        name="one_gain",
        control_period_s=0.1,
        inputs=inputs,
        populations=(Population("out", neurons, LeakyIntegrator(bias=np.full(neurons, bias))),),
        connections=(Connection("input", "out", weights),),
        readouts=tuple(Readout(name, "out") for name in outputs),
    )


gymnasium.register(
    id="Faulty-v0", entry_point="tests.training.any_environment.faulty_environments:Faulty"
)
