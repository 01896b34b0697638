"""Files of faults, YAML with the key `faults`; see `faults.read_faults`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.input_file import is_file
from snn_control.resources import configs_folder
from snn_control.supervision.faults import Channel, Fault, FaultyStreams, read_faults
from snn_control.yaml_text import load_yaml

__all__ = ["FaultFile", "shipped_faults"]


@dataclass(frozen=True)
class FaultFile:
    """Faults of a file."""

    path: str
    """Path, for messages."""
    faults: tuple[Fault, ...]
    """Faults, in the order of the file."""

    @classmethod
    def read(cls, name_or_path: str | Path) -> FaultFile:
        """Read a file, or a shipped one by its name.

        Raises:
            UnknownNameError: neither a file nor shipped.
            ConfigError: not a file of faults, or without faults; the message has the file.
        """
        path = Path(name_or_path)
        if not is_file(path):
            shipped = shipped_faults()
            if str(name_or_path) not in shipped:
                raise UnknownNameError("file of faults", str(name_or_path), shipped)
            path = shipped[str(name_or_path)]
        faults = read_faults(load_yaml(path), str(path))
        if not faults:
            raise ConfigError(f"{path}: lists no fault: add one, or leave out the file")
        return cls(str(path), faults)

    def streams(self, channels: Iterable[Channel]) -> FaultyStreams:
        """Return the streams of channels with these faults.

        Raises:
            ConfigError: a fault of an unknown channel, or faults that overlap; the message has the
                file and the remedy.
        """
        try:
            return FaultyStreams(channels, self.faults)
        except UnknownNameError as error:
            raise ConfigError(f"{self.path}: {error}") from error
        except ParameterError as error:
            raise ConfigError(
                f"{self.path}: {error}; end the first before the second starts"
            ) from error


def shipped_faults() -> dict[str, Path]:
    """Return the paths of the shipped files of faults by name."""
    folder = configs_folder() / "faults"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
