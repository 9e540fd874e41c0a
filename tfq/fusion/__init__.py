"""The multi-task model: dataset, losses, training, calibration, agreement with people."""
