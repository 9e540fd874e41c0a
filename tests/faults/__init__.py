"""What happens to people's files when the machine, the network or another process lets tfq down.

python -m tests.faults --kills 300 --interrupts 100 --seed 1  # prints how many were tried, and each that went wrong
"""
