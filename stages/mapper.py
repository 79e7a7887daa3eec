"""Stage `mapper`: ClipCap's mapping networks, the MLP and the transformer, trained as the linear map is: on the same
images for as many steps under the same frozen decoder.

They train side by side; on `scenes` about two minutes.
"""

from functools import partial

from captioner.bridge.base import Bridge, Shape
from captioner.bridge.clipcap import Mlp, Transformer
from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import History, summary
from captioner.config.mappers import MappersConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError
from stages import settings
from stages.study.training import Training, each


def network(kind: str, config: MappersConfig, shape: Shape) -> Bridge:
    """The network as it is before training."""
    if kind == "mlp":
        return Mlp(shape)
    try:
        return Transformer(shape, config.slots, config.layers, config.heads)
    except ValueError as error:
        raise InputError(f"params.yaml: {settings.study()}.mappers.heads: {error}") from error


def mapper(kind: str, threads: int) -> tuple[bytes, int, History]:
    """One network: its file, its parameters and its training."""
    study, config = Training.open(threads), settings.section("mappers", MappersConfig)
    rate = {"mlp": config.mlp_learning_rate, "transformer": config.transformer_learning_rate}[kind]
    bridge = study.started(partial(network, kind, config))
    checkpoints = Checkpoints(settings.checkpoint_folder("mapper") / kind)
    history = study.fit(bridge, study.recipe.prompts, checkpoints, kind, learning_rate=rate)
    return bridge_bytes(bridge), sum(parameter.numel() for parameter in bridge.parameters()), history


def main() -> None:
    (transformer, *of_transformer), (mlp, *of_mlp) = each([partial(mapper, "transformer"), partial(mapper, "mlp")])
    with settings.target("mappers", "mlp.safetensors") as path:
        path.write_bytes(mlp)
    with settings.target("mappers", "transformer.safetensors") as path:
        path.write_bytes(transformer)
    with settings.target("mapper_metrics", "mlp.json") as path:
        settings.write_json(path, told("mlp", *of_mlp))
    with settings.target("mapper_metrics", "transformer.json") as path:
        settings.write_json(path, told("transformer", *of_transformer))
    settings.forget("mapper")


def told(kind: str, parameters: int, history: History) -> dict[str, float]:
    """The network's metrics."""
    return {**summary(history, kind), f"{kind}_parameters": parameters}


if __name__ == "__main__":
    settings.run(main)
