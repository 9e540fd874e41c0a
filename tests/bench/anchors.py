"""What people answered, and what `tfq.artefacts.labels` says: errors of the fit, and a plot of both.

    python -m tests.bench.anchors --labels FOLDER --out anchors.png

FOLDER holds `sync_mos.csv` (PEAVS), `transmission_mos.csv` (INRS) and `degradation_mos.csv` (THQA-NTIRE 2025). Scales
differ: what is compared is the loss against the best of each set, except for the INRS function, which is on that set's own
scale. Offsets are compared where the function follows PEAVS; closer than half a second it is stricter on purpose, since it
follows ITU-R BT.1359 for speech.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tfq.artefacts import Scene
from tfq.artefacts.labels import labels, mute_loss, offset_mos, speed_loss, transmission_mos
from tfq.nets.spec import CLEAN

RATES, LITTLE_LOSS = (10, 15, 20, 25), (0.0, 0.1)
PEAVS_CLEAN = 4.717
THQA_BEST = 3.92  # the mean of its best generator, on its scale of 0 to 5


def transmission(folder: Path) -> tuple[list[float], list[float], list[str]]:
    """MOS of the INRS set and of the function, averaged over what each row was averaged over."""
    asked, said, names = [], [], []
    for row in _rows(folder / "transmission_mos.csv"):
        rates = RATES if row["frame_rate"] == "10-25" else [float(row["frame_rate"])]
        losses = LITTLE_LOSS if row["packet_loss_percent"] == "0-0.1" else [float(row["packet_loss_percent"])]
        quantiser = float(row["quantiser"])
        said.append(float(np.mean([transmission_mos(fps, quantiser, loss) for fps in rates for loss in losses])))
        asked.append(float(row["mos_mean"]))
        names.append(f"{row['packet_loss_percent']} % {row['frame_rate']} fps q{row['quantiser']}")
    return asked, said, names


def synchrony(
    folder: Path, name: str, function: Callable[[float], float]
) -> tuple[list[float], list[float], list[float]]:
    """Levels of one degradation of PEAVS, the points it costs, and the points the function takes."""
    rows = [row for row in _rows(folder / "sync_mos.csv") if row["degradation"] == name]
    levels = [float(row["level"]) for row in rows]
    return levels, [PEAVS_CLEAN - float(row["mos_mean"]) for row in rows], [function(level) for level in levels]


def heads(folder: Path) -> tuple[list[str], list[float], list[float]]:
    """Points that a talking head loses as a whole, asked and by the function: leads and pauses."""
    rows = {
        (row["degradation"], float(row["level"])): float(row["mos_mean"])
        for row in _rows(folder / "degradation_mos.csv")
    }
    severities = {("audio_lead", 0.5): ("sound_early", 5), ("video_lead", 0.5): ("sound_late", 5)}
    scene = Scene(range(250), 250)
    asked = [THQA_BEST - rows[key] for key in severities]
    said = [CLEAN - labels(kind, severity, scene).clip["overall"] for kind, severity in severities.values()]
    return [f"{name} {level:g} s" for name, level in severities], asked, said


def report(folder: Path) -> list[tuple[str, list[float], list[float]]]:
    """Print number of anchors, rank correlation and error of each family."""
    families = [("transmission, MOS (INRS)", *transmission(folder)[:2])]
    for title, name, function in (
        (
            "offset of half a second and more, loss (PEAVS)",
            "sound_early_s",
            lambda x: CLEAN - float(offset_mos(np.array(-x))),
        ),
        ("sound faster, loss (PEAVS)", "sound_faster", speed_loss),
        ("picture faster, loss (PEAVS)", "picture_faster", speed_loss),
        ("sound slower, loss (PEAVS)", "sound_slower", speed_loss),
        ("picture slower, loss (PEAVS)", "picture_slower", speed_loss),
        ("0.4 s mutes, loss (PEAVS)", "muted_0.4_s_every_s", mute_loss),
    ):
        levels, asked, said = synchrony(folder, name, function)
        chosen = [i for i, level in enumerate(levels) if name != "sound_early_s" or abs(level) >= 0.5]
        families.append((title, [asked[i] for i in chosen], [said[i] for i in chosen]))
    families.append(("leads of talking heads, overall loss (THQA-NTIRE)", *heads(folder)[1:]))
    print("anchors\tn\tSRCC\tRMSE")
    for title, asked, said in families:
        error = float(np.sqrt(np.mean(np.square(np.subtract(asked, said)))))
        print(f"{title}\t{len(asked)}\t{float(spearmanr(asked, said).statistic):.3f}\t{error:.3f}")
    return families


def draw(folder: Path, out: Path) -> None:
    """Four panels: offsets, speed and mutes, loss by quantiser, frame rate by quantiser."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.5), layout="constrained")
    offsets, speeds, losses, rates = figure.subplots(2, 2).ravel()
    _draw_offsets(folder, offsets)
    _draw_speeds(folder, speeds)
    rows = [row for row in _rows(folder / "transmission_mos.csv") if row["frame_rate"] == "10-25"]
    lost = np.geomspace(0.03, 6, 60)
    for quantiser, colour in zip((23, 27, 31, 35), ("C0", "C1", "C2", "C3"), strict=True):
        here = [row for row in rows if float(row["quantiser"]) == quantiser]
        points = [max(0.03, float(row["packet_loss_percent"])) for row in here]
        losses.plot(points, [float(row["mos_mean"]) for row in here], "o", color=colour)
        mean = np.mean([transmission_mos(fps, quantiser, lost) for fps in RATES], 0)
        losses.plot(lost, mean, color=colour, label=f"quantiser {quantiser}")
        slow = [row for row in _rows(folder / "transmission_mos.csv") if row["packet_loss_percent"] == "0-0.1"]
        here = [row for row in slow if float(row["quantiser"]) == quantiser]
        rates.plot(
            [float(row["frame_rate"]) for row in here], [float(row["mos_mean"]) for row in here], "o", color=colour
        )
        fps = np.linspace(4, 25, 60)
        rates.plot(fps, np.mean([transmission_mos(fps, quantiser, loss) for loss in LITTLE_LOSS], 0), color=colour)
    losses.set(xscale="log", xlabel="packets lost, % (left edge: none)", ylabel="MOS", title="Packet loss (INRS)")
    losses.legend()
    rates.set(xlabel="pictures a second", ylabel="MOS", title="Frame rate (INRS; the line goes on under 10)")
    figure.savefig(out, dpi=110)


def _draw_offsets(folder: Path, axes: object) -> None:
    levels, asked, _ = synchrony(folder, "sound_early_s", lambda _: 0.0)
    late = np.linspace(-1.2, 2.2, 400)
    axes.plot(late, offset_mos(late), label="lip sync, this function")
    axes.plot(-np.array(levels), CLEAN - np.array(asked), "o", label="PEAVS, everyday sounds")
    for place, style in ((-0.045, ":"), (0.125, ":"), (-0.09, "--"), (0.185, "--")):
        axes.axvline(place, color="grey", linestyle=style, linewidth=0.8)
    axes.set(xlabel="sound late, s (dotted: noticed, dashed: accepted, BT.1359)", ylabel="MOS", title="Offset")
    axes.legend()


def _draw_speeds(folder: Path, axes: object) -> None:
    for name in ("sound_faster", "picture_faster", "sound_slower", "picture_slower"):
        levels, asked, _ = synchrony(folder, name, speed_loss)
        axes.plot(levels, CLEAN - np.array(asked), "o", label=name.replace("_", " "))
    factors = np.linspace(0.25, 1.75, 200)
    axes.plot(factors, [CLEAN - speed_loss(factor) for factor in factors], "k", label="this function")
    levels, asked, said = synchrony(folder, "muted_0.4_s_every_s", mute_loss)
    share = 0.4 / (0.4 + np.array(levels))
    axes.plot(share, CLEAN - np.array(asked), "x", label="muted share")
    axes.plot(share, CLEAN - np.array(said), "--", label="this function")
    axes.set(xlabel="times as fast, or share muted", ylabel="MOS", title="Speed and mutes (PEAVS)")
    axes.legend(fontsize="small")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, required=True, help="folder of the three CSV files")
    parser.add_argument("--out", type=Path, help="PNG of anchors and function")
    options = parser.parse_args()
    report(options.labels)
    if options.out:
        draw(options.labels, options.out)


if __name__ == "__main__":
    main()
