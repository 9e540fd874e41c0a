import torch

from tfq.nets.syncnet import SyncNet


def test_it_is_the_published_network():
    network = SyncNet().eval()
    names = set(network.state_dict())
    assert {"netcnnaud.0.weight", "netcnnlip.0.weight", "netfcaud.3.bias", "netfclip.0.weight"} <= names
    # The published file holds 54,573,114 bytes: these numbers and its own headers.
    numbers = sum(tensor.numel() for tensor in network.state_dict().values())
    assert 54_400_000 < 4 * numbers < 54_573_114
    with torch.inference_mode():
        assert network.sound(torch.zeros(2, 1, 13, 20)).shape == (2, 1024)
        assert network.picture(torch.zeros(1, 3, 5, 224, 224)).shape == (1, 1024)
