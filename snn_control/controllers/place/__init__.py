"""Visual place recognition: the mapped place of a camera image, with a calibrated confidence."""

from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.ensemble import PlaceEnsemble
from snn_control.controllers.place.match import Match
from snn_control.controllers.place.recognizer import Recognizer
from snn_control.controllers.place.spiking_recognizer import PlaceRecognizer

__all__ = ["Match", "PlaceConfig", "PlaceEnsemble", "PlaceRecognizer", "Recognizer"]
