"""Page on models: refusal of another version, provenance of the shipped models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import snn_control
from snn_control.controllers import Altitude, save
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd
from snn_control.errors import ModelFileError
from tests.docs.pages import DOCS
from tests.paths import ROOT

PAGE = (DOCS / "reference" / "models.md").read_text("utf-8")


def test_the_page_has_the_message_of_another_version(tmp_path: Path) -> None:
    networks = [thermometer_pd(ThermometerPD()), counter_integral(CounterIntegral())]
    assert sum(network.n_spiking for network in networks) == 158
    path = save(Altitude(networks), tmp_path / "old")
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document | {"schema_version": 0}), encoding="utf-8")
    with pytest.raises(ModelFileError) as refused:
        snn_control.load(path)
    assert str(refused.value).replace(f"{tmp_path}/", "") in PAGE


def test_shipped_models_state_their_provenance() -> None:
    for path in sorted((ROOT / "models").glob("*.json")):
        about = json.loads(path.read_text("utf-8"))["about"]
        assert about["license"] == "Apache-2.0"
        assert about["made_by"] in PAGE
        assert f"`{path.stem}`" in PAGE
        assert (ROOT / "configs" / f"{path.stem}.yaml").is_file()
