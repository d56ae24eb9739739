"""How fast the server is: beside the limit, beside what a user would write, and stage by stage."""

from evaluation.speed.contestants import Server
from evaluation.speed.measure import measure_speed
from evaluation.speed.result import SpeedResult

__all__ = ["Server", "SpeedResult", "measure_speed"]
