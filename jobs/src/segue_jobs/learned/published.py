"""The ear that Segue can fetch: MSD_musicnn, 50 tags learned from the Million Song Dataset.

The weights belong to the package ``musicnn`` (ISC licence, Music Technology Group of the Universitat Pompeu Fabra),
which is named here by its hash. They are never part of Segue: whoever wants them fetches them.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from segue_core.contract import PUBLISHED_EAR, Env
from segue_core.errors import ConfigurationError
from segue_jobs.learned.ear import Ear, EarFile, read_ear
from segue_jobs.learned.musicnn import EMBEDDING, FRAMES, MELS, TAGS, to_onnx
from segue_jobs.learned.tensor_bundle import CheckpointError, read_tensors

PACKAGE, VERSION = "musicnn", "0.1.0"
WHEEL = f"{PACKAGE}-{VERSION}-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
IMAGE_FOLDER = Path("/opt/segue/models")
"""Where images have networks."""
_FOLDER = "musicnn/MSD_musicnn/"
_LICENCE = f"{PACKAGE}-{VERSION}.dist-info/LICENSE.md"

TAG_NAMES = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "mellow", "electronica",
    "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "hip-hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "progressive rock", "60s", "rnb", "indie pop", "sad", "house", "happy",
)  # fmt: skip
"""The tags in the order of the network's output."""


def models_folder(environ: Mapping[str, str]) -> Path:
    """Where fetched networks are: as the environment says, in the image, or in the user's cache."""
    if given := environ.get(Env.MODELS):
        return Path(given)
    if IMAGE_FOLDER.is_dir():
        return IMAGE_FOLDER
    if given := environ.get("SEGUE_CACHE"):
        return Path(given) / "models"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segue" / "models"


def is_fetched(folder: Path) -> bool:
    """Whether the published ear is in the folder."""
    return _description(folder).is_file()


def _description(folder: Path) -> Path:
    return folder / f"{PUBLISHED_EAR}.json"


def find_ear(name_or_path: str, sha256: str | None, folder: Path) -> EarFile:
    """The published ear by its name, or any ear by the path of its description.

    Raises
    ------
    ConfigurationError
        It is not there, or not as its hash says.
    """
    if name_or_path != PUBLISHED_EAR:
        return read_ear(Path(name_or_path), sha256)
    if not is_fetched(folder):
        raise ConfigurationError(
            f"the network {PUBLISHED_EAR!r} is not in {str(folder)!r}: fetch it with `segue models fetch`, or use an "
            "image that was built with LEARNED=true"
        )
    return read_ear(_description(folder))


def write_ear(wheel: bytes, folder: Path) -> EarFile:
    """Make the published ear out of its package: the network, and beside it its description.

    Raises
    ------
    ConfigurationError
        It is another package, or the folder cannot be written.
    """
    found = hashlib.sha256(wheel).hexdigest()
    if found != WHEEL_SHA256:
        raise ConfigurationError(f"{WHEEL} has the SHA-256 {found}, not {WHEEL_SHA256}: it is another file")
    network, ear, licence = _convert(wheel)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / ear.network, network)
        _write(folder / f"{PUBLISHED_EAR}.licence.txt", licence)
        _write(
            _description(folder), msgspec.json.format(msgspec.json.encode(ear)) + b"\n"
        )  # last: it makes the ear complete
    except OSError as error:
        raise ConfigurationError(f"cannot write {str(folder)!r}: {error.strerror}") from error
    return EarFile(ear, folder)


def _convert(wheel: bytes) -> tuple[bytes, Ear, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            index, data, licence = (
                archive.read(name) for name in (f"{_FOLDER}.index", f"{_FOLDER}.data-00000-of-00001", _LICENCE)
            )
        notes = {"source": f"{PACKAGE} {VERSION}, MSD_musicnn", "licence": licence.decode()}
        network = to_onnx(read_tensors(index, data), notes)
    except (zipfile.BadZipFile, KeyError, CheckpointError) as error:
        raise ConfigurationError(f"{WHEEL} cannot be converted: {error}") from error
    return network, _describe(network), licence


def _describe(network: bytes) -> Ear:
    return Ear(
        name=PUBLISHED_EAR,
        network=f"{PUBLISHED_EAR}.onnx",
        sha256=hashlib.sha256(network).hexdigest(),
        sample_rate=16_000,
        frame=512,
        hop=256,
        mels=MELS,
        patch_frames=FRAMES,
        patches=3,
        output=EMBEDDING,
        tags_output=TAGS,
        tags=TAG_NAMES,
        licence=f"ISC, Music Technology Group, Universitat Pompeu Fabra 2019 ({PACKAGE} {VERSION})",
        trained_on="Million Song Dataset: 50 tags of Last.fm's listeners",
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all, readable for all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
