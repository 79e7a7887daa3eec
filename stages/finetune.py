"""Stage `finetune`: the second arm, in which GPT-2 is trained too, starting from the trained projection; about a
minute.
"""

from torch import nn

from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.history import COLUMNS, rows, summary
from captioner.bridge.training import Schedule
from captioner.config.projection import FinetuneConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.tables import write_table
from stages import settings
from stages.study.training import Training


def main() -> None:
    schedule = Schedule.of(settings.section("finetune", FinetuneConfig))
    study = Training.open()
    projection = load_bridge(settings.source("projections") / "0.safetensors", study.device)
    model = study.decoder.model
    trained = nn.ModuleDict({"projection": projection, "decoder": model}).requires_grad_(True)
    checkpoints = Checkpoints(settings.checkpoint_folder("finetune"))
    history = study.fit(projection, study.recipe.prompts, checkpoints, "finetune", schedule=schedule, trained=trained)
    with settings.target("finetuned") as path:
        model.save_pretrained(path)
        save_bridge(projection, path / "projection.safetensors")
    with settings.target("finetune_curve") as path:
        write_table(path, COLUMNS, rows(history))
    with settings.target("finetune_metrics") as path:
        parameters = sum(parameter.numel() for parameter in trained.parameters())
        settings.write_json(path, {**summary(history, "finetune"), "finetune_parameters": parameters})
    settings.forget("finetune")


if __name__ == "__main__":
    settings.run(main)
