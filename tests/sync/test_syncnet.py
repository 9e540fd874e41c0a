import numpy as np
import pytest
import torch
from scipy.signal import medfilt

from tfq.sync import syncnet


def theirs(picture, sound, reach=15):
    """The arithmetic of the authors' `SyncNetInstance.evaluate`, in torch, independent of ours."""
    picture, sound = torch.from_numpy(picture), torch.from_numpy(sound)
    held = torch.nn.functional.pad(sound, (0, 0, reach, reach))
    size = 2 * reach + 1
    table = [
        torch.nn.functional.pairwise_distance(picture[[i]].repeat(size, 1), held[i : i + size])
        for i in range(len(picture))
    ]
    mean = torch.stack(table, 1).mean(1)
    least, index = mean.min(0)
    per_frame = mean.median().numpy() - np.stack([row[index].numpy() for row in table])
    return reach - int(index), float(least), float(mean.median() - least), medfilt(per_frame, 9)


@pytest.mark.parametrize("count", [20, 31, 90])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_padded_figures_are_the_authors_to_1e_5(count, seed):
    random = np.random.default_rng(seed)
    picture, sound = random.normal(0, 3, (2, count, 64))
    sound[4:] += picture[:-4]  # so that there is an offset to find
    ours = syncnet.evaluate(syncnet.distances(picture, sound, padded=True))
    offset, lse_d, lse_c, smooth = theirs(picture, sound)
    assert ours.offset == offset
    assert [ours.lse_d, ours.lse_c] == pytest.approx([lse_d, lse_c], abs=1e-5)
    assert ours.smooth_confidence == pytest.approx(smooth, abs=1e-5)


def test_masking_takes_away_what_padding_adds():
    random = np.random.default_rng(5)
    picture, sound = random.normal(0, 1, (2, 40, 256))  # nothing to do with one another
    padded = syncnet.evaluate(syncnet.distances(picture, sound, padded=True))
    masked = syncnet.evaluate(syncnet.distances(picture, sound, padded=False))
    assert abs(padded.offset) >= 14
    assert padded.lse_c > 3 * masked.lse_c


def test_the_sign_is_positive_when_the_sound_is_early():
    sound = np.random.default_rng(0).normal(0, 1, (60, 32))
    picture = np.roll(sound, 3, axis=0)
    assert syncnet.evaluate(syncnet.distances(picture, sound, padded=False)).offset == 3


def test_windows_are_counted_by_the_shorter_stream():
    assert syncnet.window_count(100, 640 * 90 + 639) == 85
    assert syncnet.window_count(3, 640 * 90) == 0


def test_the_crop_is_the_authors_and_grey_outside():
    picture = np.zeros((100, 120, 3), np.uint8)
    square = syncnet.face_squares(np.tile([40.0, 30.0, 80.0, 70.0], (15, 1)))[7]
    assert square == pytest.approx([60, 50, 20])
    assert not syncnet.face_crop(picture, square).any()  # 32 to 88 across, 30 to 86 down: inside
    outside = syncnet.face_crop(picture, np.array([5.0, 50.0, 20.0]))
    assert outside.shape == (224, 224, 3)
    assert (outside[:, :60] == 110).all()


def test_a_frame_without_a_box_takes_its_neighbours():
    boxes = np.tile([0.0, 0.0, 10.0, 10.0], (20, 1))
    boxes[5] = np.nan
    assert np.isfinite(syncnet.face_squares(boxes)).all()
