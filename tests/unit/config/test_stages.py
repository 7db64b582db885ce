import pytest

from maknet.config.stages import backbone, labeler, stage, stage_of

CONFIG = {"generic": "textures", "student": {"rounds": 5}}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("labels/train.npz", "labels"),
        ("unlabeled/batch0001.series.csv", "unlabeled"),
        ("runs/maknet-seed4/model.safetensors", "maknet"),
        ("runs/lesanet_scratch_slow/network.json", "lesanet_scratch_slow"),
        ("pseudo/round3.npz", "pseudo/3"),
        ("pseudo/round6_shuffled-seed1.npz", "pseudo/6_shuffled"),
        ("scores/student2/val.npz", "scores/student2"),
        ("metrics/student2-seed3.bootstrap.npz", "metrics/student2"),
        ("explain/vgg16.npz", "explain/vgg16"),
        ("perturbations.csv", "perturbations"),
    ],
)
def test_a_file_tells_its_stage(path: str, name: str) -> None:
    assert stage_of(path) == name


@pytest.mark.parametrize(
    ("run", "start"),
    [
        ("maknet", ""), ("vgg16", ""), ("resnet18_imagenet", "resnet18_textures"),
        ("vgg16_imagenet", "vgg16_textures"), ("lesanet_imagenet", "vgg16_textures"),
        ("lesanet_tcia", "vgg16_tcia"), ("lesanet_tcia_shuffled", "vgg16_tcia_shuffled"),
        ("lesanet_vgg16", "vgg16"), ("lesanet_scratch", ""), ("lesanet_scratch_slow", ""),
    ],
)  # fmt: skip
def test_what_a_run_starts_from(run: str, start: str) -> None:
    assert backbone(run, "textures") == start
    assert backbone(run, "imagenet") == ("" if start.endswith("textures") else start)


def test_the_teacher_labels_first_then_the_last_student() -> None:
    assert [labeler(number) for number in (1, 2, 6)] == ["maknet", "student1", "student5"]


def lineage(name: str) -> set[str]:
    before = stage(name, CONFIG).before
    return {*before, *(further for one in before for further in lineage(one))}


def test_the_transfer_rests_on_all_rounds_and_natural_images_on_none() -> None:
    assert {"student5", "pseudo/6", "pseudo/1", "unlabeled", "labels", "patches"} <= lineage(
        "metrics/lesanet_tcia"
    )
    assert lineage("metrics/lesanet_imagenet") == {
        "scores/lesanet_imagenet", "lesanet_imagenet", "vgg16_textures", "textures",
        "lesion_labels", "patches",
    }  # fmt: skip
    assert "unlabeled" not in lineage("metrics/control") | lineage("metrics/maknet")
    assert "vgg16_tcia" not in lineage("metrics/vgg16")
