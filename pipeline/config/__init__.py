"""Configuration: what a case is, how it is read, and its default file and schema."""

from pipeline.config.case import Case
from pipeline.config.load import load_case, read_case
from pipeline.config.output import check_output_folder
from pipeline.config.size import sized
from pipeline.config.sourced import Sourced
from pipeline.config.write import dump_yaml, write_default_files

__all__ = [
    "Case",
    "Sourced",
    "check_output_folder",
    "dump_yaml",
    "load_case",
    "read_case",
    "sized",
    "write_default_files",
]
