"""How a released network is loaded, for its card: three ways, each tried by a test."""

_INPUTS = {"lesanet": "patches, boxes"}


def loading_text(name: str, arch: str) -> str:
    """Return the Markdown of the ways to load a release.

    Args:
        name: Name of its folder.
        arch: `maknet`, `vgg16`, `resnet18` or `lesanet`.
    """
    inputs = _INPUTS.get(arch, "images")
    needs = "torch and safetensors" if arch == "maknet" else "torch, torchvision and safetensors"
    fed = ", ".join(f'"{part}": {part}.numpy()' for part in inputs.split(", "))
    return f"""The input is what `preprocessing.json` says; `reference.safetensors` holds an example
of it, with the expected probabilities. `python {name}/modeling.py` compares them. Every way of
loading below, except ONNX, refuses a folder in which a byte was changed; the sum of the ONNX file
is in `SHA256SUMS`.

With {needs} alone:

```python
import sys; sys.path.insert(0, "{name}")
import modeling
network = modeling.load("{name}")
probabilities = modeling.probabilities(network, {inputs})
```

With maknet, in the way of the Hugging Face hub:

```python
from maknet.release.pretrained import ReleasedNetwork
network = ReleasedNetwork.from_pretrained("{name}")
probabilities = network({inputs})
```

With onnxruntime:

```python
from onnxruntime import InferenceSession
session = InferenceSession("{name}/model.onnx")
probabilities = session.run(None, {{{fed}}})[0]
```
"""
