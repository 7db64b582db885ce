# What a job reads, and what it is set to: its scenario's, or the base's where the scenario's choice does
# not reach.
def config_of(wildcards) -> dict:
    """Return the configuration of a job: its scenario's, or the base's."""
    try:
        return SCENARIOS.config(wildcards.get("scenario", ""))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def config_provider(*keys):
    """Return a parameter that is a setting of a job's scenario."""

    def provide(wildcards):
        found = config_of(wildcards)
        for key in keys:
            found = found[key]
        return found

    return provide


def in_scenario(*patterns):
    """Return an input function for files of a job's scenario; the base's where it changes nothing."""

    def files(wildcards):
        known = {**dict(wildcards.items()), "scenario": "{scenario}"}
        folder = wildcards.get("scenario", "")
        config_of(wildcards)  # a scenario that is none ends here, in a sentence
        found = [SCENARIOS.path(p.format_map(known), folder) for p in patterns]
        return found[0] if len(found) == 1 else found

    return files


def in_batches(pattern):
    """Return an input function for files of a job's scenario, one a batch of series."""
    one = in_scenario(pattern.replace("{batch}", "{{batch}}"))

    def files(wildcards):
        found = one(wildcards)
        return [found.replace("{batch}", batch) for batch in BATCHES]

    return files


def in_all_scenarios(pattern, runs=("",)):
    """Return an input function for the base's files and those of every scenario, by run and seed."""

    def files(wildcards):
        places = ["", *(folder_of(name) for name in scenario_entries(wildcards))]
        seeds = SEEDS if "{seed}" in pattern else [""]
        return [
            SCENARIOS.path(
                pattern.format(scenario="{scenario}", run=run, seed=seed), place
            )
            for place in places
            for run in runs
            for seed in seeds
        ]

    return files


def scenario_entries(wildcards) -> dict:
    """Return the scenarios that are compared, by name."""
    try:
        return {name: config["scenarios"][name] for name in SCENARIOS.names}
    except InputError as error:
        raise WorkflowError(str(error)) from None


def training_files(images: str, labels: str):
    """Return an input function for what networks are trained and validated on, by name."""
    found = {
        name: in_scenario(f"<data>/{{scenario}}{folder}/{file}")
        for name, folder, file in (
            ("train", images, "train.npy"),
            ("train_index", images, "train.csv"),
            ("train_labels", labels, "train.npz"),
            ("val", images, "val.npy"),
            ("val_index", images, "val.csv"),
            ("val_labels", labels, "val.npz"),
            ("relations", labels, "relations.json"),
        )
    }
    return lambda wildcards: {name: files(wildcards) for name, files in found.items()}


def seed_of(wildcards) -> int:
    """Return the seed of a run."""
    seed = wildcards.seed.removeprefix("-seed")
    return int(seed or config_of(wildcards)["seeds"][0])


def precision_of(wildcards) -> str:
    """Return the precision of a training on the configured device."""
    return precision_on(config["device"], config_of(wildcards)["jobs"]["precision"])


def is_lesanet(wildcards) -> bool:
    """Return whether a run is of LesaNet, which has images and labels of its own."""
    return wildcards.run.startswith("lesanet")


def evaluated_files(kind: str):
    """Return an input function for the images that a run is evaluated on, or their index."""

    def files(wildcards):
        folder = "patches" if is_lesanet(wildcards) else "labeled"
        path = f"<data>/{{scenario}}{folder}/{{split}}.{kind}"
        splits = ("val", "test", "hand")
        return in_scenario(*(path.replace("{split}", s) for s in splits))(wildcards)

    return files


def label_file(name: str):
    """Return an input function for a file of the labels that a run is evaluated with."""

    def file(wildcards):
        folder = "lesion_labels" if is_lesanet(wildcards) else "labels"
        return in_scenario(f"<data>/{{scenario}}{folder}/{name}")(wildcards)

    return file


def lesanet_window(wildcards) -> list[float] | None:
    """Return the window that LesaNet sees its patches in; the images of others have theirs."""
    settings = config_of(wildcards)["lesanet"]
    return settings["input"]["window_hu"] if is_lesanet(wildcards) else None


def labeler_file(name: str):
    """Return an input function for a file of the run that labels a round."""
    path = "<results>/{{scenario}}runs/{run}{{seed}}/{name}"
    return lambda w: in_scenario(path.format(run=labeler(int(w.round)), name=name))(w)


def weights_before(wildcards) -> str | list[str]:
    """Return the weights that a run of table 1 or a LesaNet starts from; none for random ones."""
    known = dict(wildcards.items())
    run = known.get("net") or f"lesanet_{wildcards.init}"
    start = backbone(run, config["generic"])
    if start:
        path = f"<results>/{{scenario}}runs/{start}{{seed}}/model.safetensors"
        return in_scenario(path)(wildcards)
    if not run.endswith("imagenet"):
        return []
    return f"<data>/imagenet/{'vgg16' if 'init' in known else arch_of(wildcards)}"


def arch_of(wildcards) -> str:
    """Return the architecture of a run of table 1."""
    return wildcards.net.removesuffix("_imagenet")


def network_settings(wildcards) -> dict:
    """Return the settings of a network; torchvision's weights expect normalized images."""
    settings = dict(config_of(wildcards)["networks"][arch_of(wildcards)])
    if wildcards.net in PRETRAINED and config["generic"] == "imagenet":
        settings["imagenet_input"] = True
    return settings


def validation(wildcards) -> dict:
    """Return the settings of the validation that chooses thresholds and epochs."""
    settings = config_of(wildcards)["evaluation"]
    return {key: settings[key] for key in ("batch_size", "threshold_grid")}


def student_settings(wildcards) -> dict:
    """Return the settings of a student's training; the number of students is not one of them."""
    settings = config_of(wildcards)["student"]
    return {key: value for key, value in settings.items() if key != "rounds"}


def lesanet_settings(wildcards) -> dict:
    """Return the settings of LesaNet's network."""
    found = config_of(wildcards)
    lesanet = {key: found["lesanet"][key] for key in ("features", "embedding")}
    return lesanet | {"width": found["networks"]["vgg16"]["width"]}


def lesanet_training(wildcards) -> dict:
    """Return the settings of LesaNet's training, but for its learning rate."""
    settings = config_of(wildcards)["lesanet"]
    own = ("classes", "features", "embedding", "input")
    rates = ("learning_rate", "scratch_learning_rate")
    found = {key: value for key, value in settings.items() if key not in own + rates}
    return found | {"window_hu": settings["input"]["window_hu"]}


def lesanet_rate(wildcards) -> float:
    """Return LesaNet's learning rate, another one from random weights."""
    scratch = "scratch_" * (wildcards.init == "scratch")
    return config_of(wildcards)["lesanet"][f"{scratch}learning_rate"]
