"""Place recognition: names the mapped place that a camera sees, and says how sure that is."""

from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.ensemble import PlaceEnsemble
from snn_control.controllers.place.look import Match
from snn_control.controllers.place.place_recognizer import PlaceRecognizer
from snn_control.controllers.place.recognizer import Recognizer

__all__ = ["Match", "PlaceConfig", "PlaceEnsemble", "PlaceRecognizer", "Recognizer"]
