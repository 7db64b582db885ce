"""A released network answers as the trained one, however it is loaded."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from maknet.data.ct.preprocess import prepare_slices
from maknet.errors import InputError
from maknet.release.loading import loading_text
from maknet.release.network_folder import trained_on
from maknet.release.pretrained import ReleasedNetwork, load_release
from maknet.release.sums import SUMS, write_sums
from tests.unit.release.bundles import NAMES, write_bundle

ARCHES = ["maknet", "vgg16", "resnet18", "lesanet"]
INPUTS = {"lesanet": ["patches", "boxes"]}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx", reason="onnx is not installed")
    folder = tmp_path_factory.mktemp("bundles")
    for arch in ARCHES:
        write_bundle(folder, arch)
    return folder


def reference(bundle: Path) -> tuple[list[torch.Tensor], torch.Tensor]:
    found = load_file(bundle / "reference.safetensors")
    names = INPUTS.get(bundle.name, ["images"])
    return [found[name] for name in names], found["probabilities"]


@pytest.mark.parametrize("arch", ARCHES)
def test_from_pretrained(bundles: Path, arch: str) -> None:
    network = ReleasedNetwork.from_pretrained(bundles / arch)
    inputs, expected = reference(bundles / arch)
    with torch.inference_mode():
        assert torch.equal(network(*inputs), expected)
    assert expected.shape == (2, len(NAMES))
    assert network.names == tuple(NAMES)
    assert not network.training
    assert "synthetic CT" in network.trained_on


@pytest.mark.parametrize("arch", ARCHES)
def test_plain_torch(bundles: Path, arch: str, tmp_path: Path) -> None:
    """The card's own lines, in a process that knows nothing of this library."""
    code = loading_text(arch, arch).split("```python\n")[1].split("```")[0]
    names = INPUTS.get(arch, ["images"])
    before = (
        "from safetensors.torch import load_file\n"
        f"r = load_file('{arch}/reference.safetensors')\n"
        + "".join(f"{name} = r['{name}']\n" for name in names)
    )
    after = (
        "\nprint(float((probabilities - r['probabilities']).abs().max()))"
        "\nassert not any(m.split('.')[0] == 'maknet' for m in sys.modules)"
    )
    there = f"import os; os.chdir({str(bundles)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", there + before + code + after],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 0


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_onnx_takes_any_batch(bundles: Path, arch: str, batch: int) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    inputs, _ = reference(bundles / arch)
    rows = torch.arange(batch) % 2
    fed = [value[rows] for value in inputs]
    with torch.inference_mode():
        expected = load_release(bundles / arch)(*fed).numpy()
    session = runtime.InferenceSession(bundles / arch / "model.onnx")
    names = [value.name for value in session.get_inputs()]
    assert names == INPUTS.get(arch, ["images"])
    found = session.run(None, {n: v.numpy() for n, v in zip(names, fed, strict=True)})[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert session.get_modelmeta().custom_metadata_map["dataset"] == "phantom"


def test_the_check_of_a_release_sees_other_weights(bundles: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(bundles / "maknet", tmp_path / "maknet"))
    run = [sys.executable, "-I", str(bundle / "modeling.py")]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 0
    weights = bytearray((bundle / "model.safetensors").read_bytes())
    weights[-1] ^= 0x40
    (bundle / "model.safetensors").write_bytes(weights)
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "model.safetensors is not what was released" in done.stderr
    with pytest.raises(InputError, match="is not what was released"):
        ReleasedNetwork.from_pretrained(bundle)


def test_the_reference_tells_how_images_are_made(bundles: Path) -> None:
    found = load_file(bundles / "maknet/reference.safetensors")
    settings = load_release(bundles / "maknet").image
    for hu, image in zip(found["hu"].numpy(), found["images"].numpy(), strict=True):
        prepared = prepare_slices(hu, settings)
        assert prepared is not None
        np.testing.assert_array_equal(prepared[0], np.rint(image * 255).astype(np.uint8))


def test_a_release_is_the_same_bytes_twice(bundles: Path, tmp_path: Path) -> None:
    again = write_bundle(tmp_path, "maknet")
    assert (again / SUMS).read_text() == (bundles / "maknet" / SUMS).read_text()
    listed = json.loads((again / "labels.json").read_text())
    assert listed["names"] == NAMES


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json is missing"):
        load_release(tmp_path)


@pytest.mark.parametrize("place", [0, 5, 40, -3])
def test_a_damaged_configuration_is_one_sentence(bundles: Path, tmp_path: Path, place: int) -> None:
    bundle = Path(shutil.copytree(bundles / "maknet", tmp_path / "maknet"))
    content = bytearray((bundle / "config.json").read_bytes())
    content[place] ^= 0xFF
    (bundle / "config.json").write_bytes(content)
    with pytest.raises(InputError, match=r"config\.json is not what was released"):
        ReleasedNetwork.from_pretrained(bundle)


def test_a_release_of_another_format_is_refused(bundles: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(bundles / "maknet", tmp_path / "maknet"))
    config = json.loads((bundle / "config.json").read_text())
    (bundle / "config.json").write_text(json.dumps({**config, "format": "maknet-release-99"}))
    write_sums(bundle)
    with pytest.raises(InputError, match="maknet-release-99"):
        ReleasedNetwork.from_pretrained(bundle)
    run = [sys.executable, "-I", str(bundle / "modeling.py")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert "maknet-release-99" in done.stderr


def test_only_the_workflow_makes_a_release(bundles: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="snakemake results/release"):
        load_release(bundles / "maknet").save_pretrained(tmp_path)


def test_what_a_network_was_trained_on_is_true_of_its_run() -> None:
    assert "synthetic CT" in trained_on("phantom", "maknet", "phantom")
    assert "unlabeled" not in trained_on("deeplesion", "maknet", "tcia")
    assert "CT of public archives" in trained_on("deeplesion", "student5-seed1", "tcia")
    assert "unlabeled CT of its user's own" in trained_on("deeplesion", "student5", "folder")
    assert "unlabeled" not in trained_on("deeplesion", "lesanet_imagenet", "tcia")
    assert "DeepLesion" not in trained_on("sample", "student2", "folder")
