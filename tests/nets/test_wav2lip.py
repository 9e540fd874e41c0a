import torch

from tfq.nets.wav2lip import BANDS, SIDE, STEPS, Wav2Lip


def test_faces_and_sound_become_faces():
    network = Wav2Lip().eval()
    with torch.inference_mode():
        out = network(torch.randn(2, 1, BANDS, STEPS), torch.rand(2, 6, SIDE, SIDE))
    assert out.shape == (2, 3, SIDE, SIDE)
    assert 0 <= out.min() <= out.max() <= 1


def test_weights_are_named_as_the_authors_named_them():
    state = Wav2Lip().state_dict()
    for name, shape in {
        "face_encoder_blocks.0.0.conv_block.0.weight": (16, 6, 7, 7),
        "face_encoder_blocks.2.3.conv_block.1.running_mean": (64,),
        "face_encoder_blocks.6.1.conv_block.0.weight": (512, 512, 1, 1),
        "audio_encoder.12.conv_block.0.weight": (512, 512, 1, 1),
        "face_decoder_blocks.1.0.conv_block.0.weight": (1024, 512, 3, 3),
        "face_decoder_blocks.6.0.conv_block.0.weight": (160, 64, 3, 3),
        "output_block.1.bias": (3,),
    }.items():
        assert tuple(state[name].shape) == shape
