"""Stage `compare`: the prompts against one another, paired by image, with bootstrap intervals; a few seconds."""

import pandas as pd

from captioner.config.compare import CompareConfig
from captioner.config.projection import ProjectionConfig
from captioner.errors import InputError
from captioner.statistics import Bootstrap, cumulative_means, win_rate, wins
from captioner.tables import write_table
from stages import settings

MEASURES = ("cider", "clip_score", "entropy_weighted_clip_score", "lift", "tokens")


def main() -> None:
    seed = settings.shared("seed")
    prompts = settings.shared("prompts")
    config = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    trained = {text.strip() for text in settings.section("projection", ProjectionConfig).prompts.values()}
    strangers = {path.stem for path in settings.source("prompt_scores").glob("*.csv")} - set(prompts)
    if strangers:
        raise InputError(
            f"data: scores of prompts that params.yaml does not compare ({', '.join(sorted(strangers))}); "
            "`dvc checkout` removes what is left of another experiment"
        )
    tables = {
        name: pd.read_csv(settings.source("prompt_scores", f"{name}.csv"), keep_default_na=False) for name in prompts
    }
    table = pd.concat([scores.assign(prompt=name) for name, scores in tables.items()])
    table["lift"] = table["clip_score"] - table["clip_score_shuffled"]
    table["entropy_weighted_clip_score"] = table["weight"] * table["clip_score"]
    table = table.groupby(["prompt", "split", "image_id"], sort=False, as_index=False)[
        list(MEASURES)
    ].mean()  # of seeds
    rows, cells = [], []
    for split, part in table.groupby("split", sort=False):
        images = part["image_id"].nunique()
        bootstrap = Bootstrap(images, config.resamples, config.confidence, seed)
        values = {
            name: {m: group[m].to_numpy(float) for m in MEASURES} for name, group in part.groupby("prompt", sort=False)
        }
        won = wins({name: measured["cider"] for name, measured in values.items()})
        for name, text in prompts.items():
            measured = {measure: bootstrap.interval(values[name][measure]) for measure in MEASURES}
            seen = "yes" if text.strip() in trained else "no"
            flat = [number for interval in measured.values() for number in (interval.mean, interval.low, interval.high)]
            rows.append([split, name, text, seen, *flat, won[name]])
        for name in prompts if split == "test" else ():
            for versus in prompts:
                mine, theirs = values[name]["cider"], values[versus]["cider"]
                difference = bootstrap.interval(mine - theirs)
                cells.append([name, versus, difference.mean, difference.low, difference.high, win_rate(mine, theirs)])
    scores = pd.read_csv(settings.source("scores"), keep_default_na=False)
    test = scores[scores["split"] == "test"]
    top, bottom = cumulative_means(test["clip_score"], 50)
    chance_top, chance_bottom = cumulative_means(test["clip_score_shuffled"], 50)
    interval = Bootstrap(len(test), config.resamples, config.confidence, seed).interval(test["cider"].to_numpy(float))

    with settings.target("prompts") as path:
        columns = [f"{measure}{part}" for measure in MEASURES for part in ("", "_low", "_high")]
        write_table(path, ["split", "prompt", "text", "trained", *columns, "wins"], rows)
    with settings.target("matrix") as path:
        write_table(path, ["prompt", "versus", "difference", "low", "high", "win_rate"], cells)
    with settings.target("cumulative") as path:
        ranks = range(1, len(top) + 1)
        curves = (curve.tolist() for curve in (top, bottom, chance_top, chance_bottom))
        write_table(
            path, ["rank", "top", "bottom", "top_shuffled", "bottom_shuffled"], zip(ranks, *curves, strict=True)
        )
    with settings.target("compare_metrics") as path:
        test = [row for row in rows if row[0] == "test"]
        best = max(test, key=lambda row: row[4])
        settings.write_json(
            path,
            {
                "cider_low": interval.low,
                "cider_high": interval.high,
                "best_prompt": best[1],
                "best_prompt_cider": best[4],
            },
        )


if __name__ == "__main__":
    settings.run(main)
