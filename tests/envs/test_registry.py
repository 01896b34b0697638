"""Conformance of all registered environments, and errors of the registry."""

import ast
import inspect
import re
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import snn_control.envs as envs
from snn_control.envs.route.body import can_draw
from snn_control.errors import UnknownNameError
from tests.needs import NEEDS_RENDERER

DRAWN = {"snn_control/Route-v0"}
"""Environments with rendered observations."""
HEADINGS = (
    "Description",
    "Action Space",
    "Observation Space",
    "Rewards",
    "Starting State",
    "Episode End",
    "Arguments",
    "Version History",
)


@pytest.fixture(params=envs.ENVIRONMENTS)
def env(request):
    if request.param in DRAWN and not can_draw():
        pytest.skip(NEEDS_RENDERER)
    env = envs.make(request.param)
    yield env
    env.close()


def rows(env, heading):
    """Return the cells of the table under `heading` of the environment's docstring."""
    text = str(inspect.getdoc(type(env.unwrapped)))
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [x for x in section.splitlines() if x.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def expanded(row, names, actions):
    """Expand a row over all k; `Num` is a sum such as `n_joints + 3 k`."""
    if "_k_" not in row[1]:
        return [row]
    expanded_rows = []
    for k in range(len(names)):
        name = row[1].replace("_k_", f"_{k}_")
        if name in names:
            values = {"n_joints": actions.shape[0], "k": k}
            terms = [term.split() for term in row[0].split("+")]
            number = sum(
                np.prod([values[x] if x in values else int(x) for x in term]) for term in terms
            )
            expanded_rows.append([str(number), name, *row[2:]])
    return expanded_rows


def test_gymnasium_checker_passes(env):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env.unwrapped, skip_render_check=True)
    # Motor commands keep their units, so the action space is not normalised.
    warned = [str(w.message) for w in caught if "symmetric and normalized" not in str(w.message)]
    assert not warned


def test_docstring_headings(env):
    text = str(inspect.getdoc(type(env.unwrapped)))
    assert tuple(re.findall(r"^## (.+)$", text, re.M)) == HEADINGS


@pytest.mark.parametrize(
    ("heading", "space", "names"),
    [
        ("Action Space", "action_space", "action_names"),
        ("Observation Space", "observation_space", "observation_names"),
    ],
)
def test_tables_match_the_spaces(env, heading, space, names):
    box, expected = getattr(env, space), getattr(env.unwrapped, names)
    table = sorted(
        (each for row in rows(env, heading) for each in expanded(row, expected, env.action_space)),
        key=lambda row: int(row[0]),
    )
    assert [int(row[0]) for row in table] == list(range(box.shape[0]))
    assert tuple(row[1] for row in table) == expected
    assert [float(row[2]) for row in table] == box.low.tolist()
    assert [float(row[3]) for row in table] == box.high.tolist()
    assert all(row[4] for row in table)


def test_argument_table_matches_the_constructor(env):
    signature = inspect.signature(type(env.unwrapped).__init__).parameters
    documented: dict[str, object] = {}
    for names, defaults, _ in rows(env, "Arguments"):
        values = ast.literal_eval(f"({defaults},)")
        documented |= dict(zip(names.split(", "), values, strict=True))
    assert documented == {k: v.default for k, v in signature.items() if k != "self"}


def test_equal_seeds_are_bitwise_equal(env):
    def episode():
        observation, _ = env.reset(seed=11)
        rng = np.random.default_rng(0)
        record = [observation.tobytes()]
        for _ in range(200):
            step = env.step(rng.uniform(env.action_space.low, env.action_space.high))
            assert env.observation_space.contains(step[0])
            assert 0.0 <= step[1] <= 1.0
            record.append((step[0].tobytes(), step[1], repr(step[4])))
            if step[2] or step[3]:
                env.reset(seed=12)
        return record

    assert episode() == episode()


def test_later_episodes_differ(env):
    one, _ = env.reset(seed=11)
    two, _ = env.reset()
    assert not np.array_equal(one, two)


def test_model_elements_are_named_and_two_cameras_exist(env):
    import mujoco

    model = env.unwrapped.body.model
    for kind, count in (
        (mujoco.mjtObj.mjOBJ_BODY, model.nbody),
        (mujoco.mjtObj.mjOBJ_GEOM, model.ngeom),
        (mujoco.mjtObj.mjOBJ_JOINT, model.njnt),
        (mujoco.mjtObj.mjOBJ_SITE, model.nsite),
        (mujoco.mjtObj.mjOBJ_CAMERA, model.ncam),
        (mujoco.mjtObj.mjOBJ_LIGHT, model.nlight),
        (mujoco.mjtObj.mjOBJ_ACTUATOR, model.nu),
        (mujoco.mjtObj.mjOBJ_MATERIAL, model.nmat),
    ):
        assert all(mujoco.mj_id2name(model, kind, k) for k in range(count)), kind
    assert model.ncam >= 2


def test_names_without_prefix_and_close_names():
    envs.make("BlimpAltitude-v0").close()
    with pytest.raises(UnknownNameError, match="BlimpAltitude-v0"):
        envs.make("BlimpAltitud-v0")


def test_gymnasium_make_passes_arguments():
    env = gymnasium.make(
        "snn_control/BlimpAltitude-v0", preset="leak", parameters={"leak_m_s3": 1e-3}
    )
    assert env.get_wrapper_attr("parameters").leak_m_s3 == 1e-3
    env.close()


def test_entry_points_of_other_packages_are_listed(monkeypatch):
    from importlib.metadata import EntryPoint

    others = [EntryPoint("other/Kite-v0", "other.kite:Kite", envs.ENTRY_POINT_GROUP)]
    monkeypatch.setattr(envs, "entry_points", lambda group: others)
    assert envs.environments()["other/Kite-v0"] == "other.kite:Kite"
